import type { Phase } from '../catalogue/catalogue.js';
import type { DecisionInput } from '../gen/decision-input.js';
import type { FailureCode } from '../refusal.js';

/**
 * One decision of the guard, failed authentications and withdrawals included. Its own members hold no token and no claim;
 * {@link DecisionEvent.input} does hold the claims of a token.
 */
export interface DecisionEvent {
  /** The id that a refused caller sees too. */
  readonly id: string;
  /** Milliseconds since the epoch; `NaN` when the clock failed. */
  readonly time: number;
  /** `/package.Service/Method`, as registered with the server. */
  readonly method: string;
  /**
   * What was judged; `revocation` ends a call that had been allowed. `shadow` is no decision: it tells of the policy that
   * is tried out beside the enforced one.
   */
  readonly step: 'authentication' | 'revocation' | 'shadow' | Phase;
  /** What was enforced; with `shadow_started`, where nothing was, `false`. */
  readonly allow: boolean;
  /** `allowed`, or why not. */
  readonly code: 'allowed' | FailureCode | 'shadow_started' | 'shadow_differs';
  /** Stable codes that say more: the policy's reasons, or the code of the broken SPIFFE rule. */
  readonly reasons: readonly string[];
  /** Row of the SPIFFE rule set that was broken, for example `X-17`. */
  readonly rule?: string | undefined;
  /** SPIFFE ID of the caller, once proven. */
  readonly subject?: string | undefined;
  readonly credential?: 'x509-svid' | 'jwt-svid' | undefined;
  /** Names the bundle that the caller was proven against: another number is another bundle. Counts within the process. */
  readonly generation?: number | undefined;
  /** The id is cut to 256 characters. */
  readonly resource?: { readonly type: string; readonly id?: string | undefined } | undefined;
  /** Revision of the policy that answered. */
  readonly revision?: string | undefined;
  /** Address and port of the connection. */
  readonly peerAddress: string;
  /** Trace and span of the caller, by its `traceparent` (W3C): whatever a caller says, of valid form. */
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
  /** The service knows facts about the resource that the input does not hold, because the policy reads none. */
  readonly undescribed?: boolean | undefined;
  /** What the policy that is tried out answered, where that differs. */
  readonly shadow?: ShadowAnswer | undefined;
  /**
   * What the policy was asked, whole, the claims of a token included; `undefined` where it was not asked. Not enumerable,
   * so that an event which is written as it is shows no claim.
   */
  readonly input?: DecisionInput | undefined;
}

/** What a shadow policy answered; of one that has just started, its revision alone. */
export interface ShadowAnswer {
  readonly revision: string;
  /** The id of the decision that was enforced, and its phase. */
  readonly decision?: string;
  readonly phase?: Phase;
  readonly allow?: boolean;
  readonly reasons?: readonly string[];
}

/**
 * Takes events. Called on the path of the call, so it must be quick: format and write elsewhere. What it throws is
 * swallowed; it can neither allow nor refuse.
 */
export type DecisionSink = (event: DecisionEvent) => void;

/**
 * One sink that tells each of `sinks`. One that throws or rejects does not keep the others from being told, and none can
 * change what they are told: the event is frozen.
 */
export function combineDecisionSinks(...sinks: readonly DecisionSink[]): DecisionSink {
  return (event) => {
    Object.freeze(event);
    Object.freeze(event.reasons);
    Object.freeze(event.resource);
    Object.freeze(event.shadow);
    for (const sink of sinks) {
      tellSink(sink, event);
    }
  };
}

/** Tells one sink. Never throws, and nothing that an async sink rejects ends the process. */
export function tellSink(sink: DecisionSink, event: DecisionEvent): void {
  try {
    const answer: unknown = sink(event);
    if (typeof answer === 'object' && answer !== null && 'then' in answer) {
      Promise.resolve(answer).catch(() => undefined); // of whatever library the promise is
    }
  } catch {
    // A sink that fails must not change a verdict, and there is nobody on this path to tell.
  }
}
