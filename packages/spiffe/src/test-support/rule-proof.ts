import type { X509Usage } from '../certificate-rules.js';
import type { SpiffeErrorCode } from '../error-codes.js';
import type { RuleId } from '../rules.js';

/** Does what a rule judges, with a peer in this role where roles matter. Throws when it is refused. */
export type Attempt = (usage: X509Usage) => unknown;

/** A good credential, and the same with one change for each refusal. */
export interface RuleProof {
  readonly accepts: readonly Attempt[];
  readonly refuses: readonly (readonly [code: SpiffeErrorCode, attempt: Attempt])[];
}

export type RuleProofs = { readonly [Id in RuleId]?: RuleProof };

/** One input that is good, and those that are not, all given to one function. */
export function oneChange<T>(
  judge: (input: T) => Attempt,
  good: T,
  ...bad: readonly (readonly [code: SpiffeErrorCode, input: T])[]
): RuleProof {
  return { accepts: [judge(good)], refuses: bad.map(([code, input]) => [code, judge(input)] as const) };
}
