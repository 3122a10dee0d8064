import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';

/** What each call sends, and what it must get. */
export interface UnaryCallSettings {
  readonly session: ClientHttp2Session;
  readonly headers: OutgoingHttpHeaders;
  readonly request: Buffer;
  readonly answerBytes: number;
  /** How many calls are open at one time. */
  readonly inFlight: number;
}

/** Makes `count` calls. Rejects on the first that does not end OK with an answer of the expected length. */
export function runUnaryCalls(
  { session, headers, request, answerBytes, inFlight }: UnaryCallSettings,
  count: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let started = 0;
    let ended = 0;
    const call = (): void => {
      started += 1;
      let received = 0;
      let status: IncomingHttpHeaders[string];
      const stream = session.request(headers);
      stream.on('response', (response) => {
        status = response['grpc-status']; // here for a call that was refused at once
      });
      stream.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      stream.on('trailers', (trailers) => {
        status = trailers['grpc-status'];
      });
      stream.on('error', reject);
      stream.on('close', () => {
        if (status !== '0' || received !== answerBytes) {
          reject(new Error(`a call ended with status ${status ?? 'missing'} and ${received} bytes`));
          return;
        }
        ended += 1;
        if (started < count) call();
        else if (ended === count) resolve();
      });
      stream.end(request);
    };
    for (let index = 0; index < Math.min(inFlight, count); index++) call();
  });
}
