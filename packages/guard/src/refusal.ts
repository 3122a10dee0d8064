/**
 * Every way in which a call can be refused: the gRPC status and the fixed text that goes to the wire.
 * `unproven`: we do not know who calls. `refused`: we know, and the answer is no. `unavailable`: we cannot decide.
 * This is the only table from a failure to a status.
 */
const FAILURES = {
  // unproven
  no_credential: { status: 16, family: 'unproven', text: 'a credential is required' },
  certificate_missing: { status: 16, family: 'unproven', text: 'an X.509-SVID is required' },
  certificate_invalid: { status: 16, family: 'unproven', text: 'the X.509-SVID was not accepted' },
  session_resumed: { status: 16, family: 'unproven', text: 'resumed TLS sessions are not accepted' },
  token_missing: { status: 16, family: 'unproven', text: 'a JWT-SVID is required' },
  token_malformed: { status: 16, family: 'unproven', text: 'the authorization header was not understood' },
  token_invalid: { status: 16, family: 'unproven', text: 'the JWT-SVID was not accepted' },
  identity_expired: { status: 16, family: 'unproven', text: 'the identity has expired' },
  trust_withdrawn: { status: 16, family: 'unproven', text: 'the identity is not trusted any more' },
  server_identity_missing: { status: 16, family: 'unproven', text: 'the server has no valid identity' },
  // refused
  method_unknown: { status: 7, family: 'refused', text: 'the method is not in the catalogue' },
  policy_denied: { status: 7, family: 'refused', text: 'refused by policy' },
  message_unreadable: { status: 7, family: 'refused', text: 'the message could not be judged' },
  too_many_resources: { status: 7, family: 'refused', text: 'the message names too many resources' },
  // unavailable
  policy_missing: { status: 14, family: 'unavailable', text: 'no policy is loaded' },
  describe_failed: { status: 14, family: 'unavailable', text: 'the resource could not be described' },
  policy_failed: { status: 13, family: 'unavailable', text: 'the policy could not be evaluated' },
  call_ended: { status: 13, family: 'unavailable', text: 'the call has ended' },
  guard_failed: { status: 13, family: 'unavailable', text: 'the call could not be judged' },
} as const satisfies Record<string, FailureRow>;

interface FailureRow {
  /** Number of the gRPC status. */
  readonly status: number;
  readonly family: 'unproven' | 'refused' | 'unavailable';
  readonly text: string;
}

/** Stable name of why a call was refused. */
export type FailureCode = keyof typeof FAILURES;

/** Every code there is. */
export const FAILURE_CODES = Object.keys(FAILURES) as readonly FailureCode[];

/** The end of a call that was not allowed, ready for the wire. Holds no token, claim or certificate text. */
export interface Refusal {
  readonly code: FailureCode;
  /** Number of the gRPC status: 16 UNAUTHENTICATED, 7 PERMISSION_DENIED, 14 UNAVAILABLE, 13 INTERNAL. */
  readonly status: number;
  /** Fixed text per code, with the decision id that the audit trail holds too. ASCII. */
  readonly details: string;
  readonly decisionId: string;
}

/** The refusal for one decision. */
export function createRefusal(code: FailureCode, decisionId: string): Refusal {
  const { status, text } = FAILURES[code];
  return { code, status, details: `${text} (decision ${decisionId})`, decisionId };
}

/** The fixed text of a code; `undefined` for one that is no failure. */
export function textOfFailure(code: string): string | undefined {
  return Object.hasOwn(FAILURES, code) ? FAILURES[code as FailureCode].text : undefined;
}

/** A failure on its way to becoming a refusal and an audit event. Never leaves the package. */
export class Failure {
  readonly code: FailureCode;
  /** For the audit trail: stable codes that say more, for example the code of the broken SPIFFE rule. */
  readonly reasons: readonly string[];
  /** Row of the rule set that was broken, for example `X-17`. */
  readonly rule: string | undefined;

  constructor(code: FailureCode, reasons: readonly string[] = [], rule?: string) {
    this.code = code;
    this.reasons = reasons.length === 0 ? [code] : reasons;
    this.rule = rule;
  }
}
