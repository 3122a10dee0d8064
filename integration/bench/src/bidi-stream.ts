import type { ClientHttp2Stream } from 'node:http2';

/** What each message is, and what it must be answered with. */
export interface BidiStreamSettings {
  readonly request: Buffer;
  readonly answerBytes: number;
  /** How many messages wait for their answer at one time. */
  readonly inFlight: number;
}

interface Exchange {
  toSend: number;
  toReceive: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** One open call that sends a message for each answer that it gets. */
export class BidiStream {
  readonly #stream: ClientHttp2Stream;
  readonly #answerBytes: number;
  readonly #inFlight: number;
  /** `[n]`: n messages in one piece. */
  readonly #requests: readonly Buffer[];
  #receivedBytes = 0;
  #exchange: Exchange | undefined;
  #ended: Error | undefined;

  constructor(stream: ClientHttp2Stream, { request, answerBytes, inFlight }: BidiStreamSettings) {
    this.#stream = stream;
    this.#answerBytes = answerBytes;
    this.#inFlight = inFlight;
    this.#requests = Array.from({ length: inFlight + 1 }, (_, length) => Buffer.concat(Array.from({ length }, () => request)));
    stream.on('data', (chunk: Buffer) => this.#receive(chunk.length));
    stream.on('response', (headers) => this.#endIf(headers['grpc-status']));
    stream.on('trailers', (trailers) => this.#endIf(trailers['grpc-status']));
    stream.on('error', (error) => this.#end(error));
    stream.on('close', () => this.#end(new Error('a stream was closed')));
  }

  /** Sends `count` messages; resolves when as many answers are here. Rejects when the call ends. One at a time. */
  exchange(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      this.#exchange = { toSend: count, toReceive: count, resolve, reject };
      this.#send(this.#exchange, this.#inFlight);
    });
  }

  #receive(bytes: number): void {
    this.#receivedBytes += bytes;
    const answers = Math.floor(this.#receivedBytes / this.#answerBytes);
    const exchange = this.#exchange;
    if (answers === 0 || exchange === undefined) return;
    this.#receivedBytes -= answers * this.#answerBytes;
    exchange.toReceive -= answers;
    if (exchange.toReceive < 0) {
      this.#end(new Error('more answers than messages'));
    } else if (exchange.toReceive === 0) {
      this.#exchange = undefined;
      exchange.resolve();
    } else {
      this.#send(exchange, answers);
    }
  }

  #send(exchange: Exchange, most: number): void {
    const count = Math.min(most, exchange.toSend);
    const requests = this.#requests[count];
    if (count > 0 && requests !== undefined) {
      exchange.toSend -= count;
      this.#stream.write(requests);
    }
  }

  #endIf(status: string | string[] | undefined): void {
    if (status !== undefined) this.#end(new Error(`a stream ended with status ${status}`));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#exchange?.reject(error);
    this.#exchange = undefined;
  }
}
