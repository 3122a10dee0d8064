import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Http2Stream } from 'node:http2';
import type { Caller, GuardedCall, Refusal } from '@dirgate/guard';
import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { CallShape } from './call-shape.js';
import { type JudgedCall, JudgedResponses } from './judged-responses.js';
import { refuseCall } from './refuse-call.js';

/** How long the handler of a bidi call may go on answering what was allowed, once a message was refused. */
const HALF_CLOSED_MS = 5000;

type SentStatus = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];
type Listener = Parameters<ServerInterceptingCallInterface['start']>[0];

/**
 * Stands between the wire and the handler of one admitted call: asks the guard about each message, and ends the call when
 * it is refused or revoked. Hand-written rather than built on `ServerInterceptingCall`, whose listener hooks
 * cost a fifth of bidi throughput (node-facts N-58).
 *
 * The guard's own methods never throw; grpc-js and the handler are called outside of any try, so that their errors stay
 * theirs (N-63).
 */
export class GuardedServerCall implements ServerInterceptingCallInterface, Listener, JudgedCall {
  readonly #next: ServerInterceptingCallInterface;
  readonly #stream: Http2Stream;
  readonly #call: GuardedCall;
  readonly #shape: CallShape;
  readonly #context: AsyncLocalStorage<Caller> | undefined;
  #listener: Listener | undefined;
  /** Set once a message was refused and the handler of a bidi call finishes what came before. */
  #refusal: Refusal | undefined;
  /** The call's end has been decided here: nothing that the handler still sends may pass. */
  #ended = false;
  /** A message waits for its verdict: nothing else is read. */
  #judging = false;
  #readWanted = false;
  #timer: NodeJS.Timeout | undefined;
  /** There once a response was to be judged. */
  #responses: JudgedResponses | undefined;

  constructor(
    next: ServerInterceptingCallInterface,
    stream: Http2Stream,
    call: GuardedCall,
    shape: CallShape,
    context: AsyncLocalStorage<Caller> | undefined,
  ) {
    this.#next = next;
    this.#stream = stream;
    this.#call = call;
    this.#shape = shape;
    this.#context = context;
    call.watch((refusal) => this.end(refusal));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Ends the call. The handler is cancelled; one that reads a client stream never sees its end. */
  end(refusal: Refusal): void {
    if (!this.#ended) {
      this.#ended = true;
      clearTimeout(this.#timer);
      refuseCall(this.#next, this.#stream, refusal);
    }
  }

  // From the wire to the handler

  start(listener: Listener): void {
    this.#listener = listener;
    this.#next.start(this);
  }

  onReceiveMetadata(metadata: Metadata): void {
    // Handlers of request streams start here.
    this.#enter(() => this.#listener?.onReceiveMetadata(metadata), this.#shape.requestStream);
  }

  onReceiveMessage(message: unknown): void {
    if (this.#ended || this.#refusal !== undefined) {
      return;
    }
    if (!this.#call.judgesRequests) {
      this.#listener?.onReceiveMessage(message);
      return;
    }
    const verdict = this.#call.judgeRequest(message);
    if (!(verdict instanceof Promise)) {
      this.#deliver(message, verdict);
      return;
    }
    this.#judging = true;
    // Outside of a promise chain again: what a handler throws must not become a rejection.
    verdict.then(
      (late) => setImmediate(() => this.#deliverLate(message, late)),
      () => undefined,
    );
  }

  onReceiveHalfClose(): void {
    if (!this.#ended && this.#refusal === undefined) {
      // Handlers of single requests start here.
      this.#enter(() => this.#listener?.onReceiveHalfClose(), !this.#shape.requestStream);
    }
  }

  onCancel(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#listener?.onCancel();
  }

  // From the handler to the wire

  sendMetadata(metadata: Metadata): void {
    if (!this.#ended) {
      this.#next.sendMetadata(metadata);
    }
  }

  sendMessage(message: unknown, callback: () => void): void {
    if (this.#ended) {
      return;
    }
    if (this.#call.judgesResponses) {
      this.#responses ??= new JudgedResponses(this.#call, this.#shape, this);
    }
    if (this.#responses === undefined) {
      this.#next.sendMessage(message, callback);
    } else {
      this.#responses.send(message, callback);
    }
  }

  sendStatus(sent: SentStatus): void {
    if (this.#ended || this.#responses?.hold(sent) === true) {
      return;
    }
    if (this.#refusal !== undefined && (sent.code ?? status.OK) === status.OK) {
      this.end(this.#refusal);
      return;
    }
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#next.sendStatus(sent);
  }

  startRead(): void {
    if (this.#judging) {
      this.#readWanted = true;
    } else if (!this.#ended && this.#refusal === undefined) {
      this.#next.startRead();
    }
  }

  pass(message: unknown, callback: () => void): void {
    this.#next.sendMessage(message, callback);
  }

  getPeer(): string {
    return this.#next.getPeer();
  }

  getDeadline(): ReturnType<ServerInterceptingCallInterface['getDeadline']> {
    return this.#next.getDeadline();
  }

  getHost(): string {
    return this.#next.getHost();
  }

  getAuthContext(): ReturnType<ServerInterceptingCallInterface['getAuthContext']> {
    return this.#next.getAuthContext();
  }

  getConnectionInfo(): ReturnType<ServerInterceptingCallInterface['getConnectionInfo']> {
    return this.#next.getConnectionInfo();
  }

  getMetricsRecorder(): ReturnType<ServerInterceptingCallInterface['getMetricsRecorder']> {
    return this.#next.getMetricsRecorder();
  }

  #deliverLate(message: unknown, refusal: Refusal | undefined): void {
    this.#judging = false;
    this.#deliver(message, refusal);
    if (this.#readWanted) {
      this.#readWanted = false;
      this.startRead();
    }
  }

  #deliver(message: unknown, refusal: Refusal | undefined): void {
    if (this.#ended) {
      return; // meanwhile, or by a sink or `describe` that was told of this message and closed the guard
    }
    if (refusal === undefined) {
      this.#listener?.onReceiveMessage(message);
    } else if (this.#shape.requestStream && this.#refusedMessage() === 'half-close') {
      this.#halfClose(refusal);
    } else {
      this.end(refusal);
    }
  }

  #refusedMessage(): 'half-close' | 'cancel' {
    return this.#call.refusedMessage ?? (this.#shape.responseStream ? 'half-close' : 'cancel');
  }

  /** The handler sees the end of its requests, its answers to what was allowed pass, its OK becomes the refusal. */
  #halfClose(refusal: Refusal): void {
    this.#refusal = refusal;
    this.#timer = setTimeout(() => this.end(refusal), HALF_CLOSED_MS).unref();
    this.#listener?.onReceiveHalfClose();
  }

  #enter(run: () => void, startsHandler: boolean): void {
    if (startsHandler && this.#context !== undefined) {
      this.#context.run(this.#call.caller, run);
    } else {
      run();
    }
  }
}
