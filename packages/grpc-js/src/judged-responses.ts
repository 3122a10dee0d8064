import type { GuardedCall, Refusal } from '@dirgate/guard';
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { CallShape } from './call-shape.js';

type SentStatus = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

/** The call whose responses are judged. */
export interface JudgedCall {
  /** Its end has been decided: nothing may pass any more. */
  readonly ended: boolean;
  pass(message: unknown, callback: () => void): void;
  sendStatus(sent: SentStatus): void;
  end(refusal: Refusal): void;
}

/**
 * The way of one call's responses to the wire: each is judged before a byte of it leaves, in order. At most one waits for
 * `describe`, as grpc-js sends none before the callback of the last one; the status waits for it.
 */
export class JudgedResponses {
  readonly #guarded: GuardedCall;
  readonly #shape: CallShape;
  readonly #call: JudgedCall;
  #waiting = false;
  #heldStatus: SentStatus | undefined;

  constructor(guarded: GuardedCall, shape: CallShape, call: JudgedCall) {
    this.#guarded = guarded;
    this.#shape = shape;
    this.#call = call;
  }

  send(message: unknown, callback: () => void): void {
    if (this.#waiting) {
      // Only an interceptor of the user's can do this. A queue would have no bound.
      this.#call.end(this.#guarded.refuseResponse('response_out_of_turn'));
      return;
    }
    const verdict = this.#guarded.judgesResponses ? this.#guarded.judgeResponse(message) : undefined;
    if (!(verdict instanceof Promise)) {
      this.#forward(message, callback, verdict);
      return;
    }
    this.#waiting = true;
    const judged = this.#serialize(message);
    // Outside of a promise chain again: what a handler throws must not become a rejection.
    verdict.then(
      (late) => setImmediate(() => this.#forwardLate(message, callback, late, judged)),
      () => undefined,
    );
  }

  /** Whether the status is kept until the response that waits is out. Of several the first counts. */
  hold(sent: SentStatus): boolean {
    if (this.#waiting) {
      this.#heldStatus ??= sent;
    }
    return this.#waiting;
  }

  #forwardLate(message: unknown, callback: () => void, refusal: Refusal | undefined, judged: Buffer | undefined): void {
    this.#waiting = false;
    if (refusal === undefined && !this.#call.ended && !isSame(judged, this.#serialize(message))) {
      // The handler went on with the object meanwhile: what would go out is not what was judged.
      this.#call.end(this.#guarded.refuseResponse('response_changed'));
      return;
    }
    this.#forward(message, callback, refusal);
    if (this.#heldStatus !== undefined) {
      this.#call.sendStatus(this.#heldStatus);
    }
  }

  #forward(message: unknown, callback: () => void, refusal: Refusal | undefined): void {
    if (this.#call.ended) {
      return; // a sink or `describe` that was told of this message has ended the call, by closing the guard for example
    }
    if (refusal === undefined) {
      this.#call.pass(message, callback);
    } else if (this.#shape.responseStream && refusal.code === 'policy_denied') {
      // Left out. The handler goes on, but never in the same turn: one whose every message is left out would hold the
      // event loop, as nothing else slows it down.
      setImmediate(callback);
    } else {
      this.#call.end(refusal);
    }
  }

  /** `undefined` for what cannot be serialized: grpc-js says so when it is passed on. */
  #serialize(message: unknown): Buffer | undefined {
    try {
      const bytes: unknown = this.#shape.responseSerialize(message);
      return Buffer.isBuffer(bytes) ? bytes : undefined;
    } catch {
      return undefined;
    }
  }
}

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}
