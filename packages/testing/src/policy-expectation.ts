import { AssertionError } from 'node:assert';
import { type Policy, PolicyError } from '@dirgate/policy';

/** Why, when that matters too. */
export interface ExpectedReasons {
  /** All the reasons, in any order. Default: whatever they are. */
  readonly reasons?: readonly string[];
}

/** A verdict and, when that matters too, why. */
export interface ExpectedDecision extends ExpectedReasons {
  readonly allow: boolean;
}

/** What {@link expectDecision} asks for. Each throws an `AssertionError` that says who asked for what, and what was answered. */
export interface DecisionExpectation {
  /** The policy allows. */
  toAllow(expected?: ExpectedReasons): void;
  /** The policy denies. A fault of the policy is no denial. */
  toDeny(expected?: ExpectedReasons): void;
  /** The one or the other, as a table row says. */
  toBe(expected: ExpectedDecision): void;
}

/**
 * Asks a policy and states what it must answer: `expectDecision(policy, input).toAllow({ reasons: ['role_reader'] })`.
 * Works in every test runner: what is not as expected throws. `input` is the policy's whole input; `decisionInput` writes one.
 */
export function expectDecision(policy: Pick<Policy, 'decide'>, input: object): DecisionExpectation {
  const toBe = (expected: ExpectedDecision): void => {
    const actual = decide(policy, input);
    const { allow } = expected;
    const reasons = expected.reasons === undefined ? actual.reasons : expected.reasons.toSorted();
    if (actual.allow === allow && sameList(actual.reasons, reasons)) return;
    throw new AssertionError({
      message: `${describeInput(input)}: the policy ${answer(actual)}, but was expected to have ${answer({ allow, reasons: expected.reasons ?? [] })}`,
      actual,
      expected: { allow, reasons },
      operator: 'expectDecision',
      stackStartFn: toBe,
    });
  };
  return {
    toAllow: (expected) => toBe({ ...expected, allow: true }),
    toDeny: (expected) => toBe({ ...expected, allow: false }),
    toBe,
  };
}

function decide(policy: Pick<Policy, 'decide'>, input: object): Required<ExpectedDecision> {
  try {
    const { allow, reasons } = policy.decide(input);
    return { allow, reasons: reasons.toSorted() };
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new AssertionError({
      message: `${describeInput(input)}: the policy did not answer (${error.code}: ${error.message}); a server would refuse the call, but that is no decision`,
      operator: 'expectDecision',
    });
  }
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

function answer({ allow, reasons }: Required<ExpectedDecision>): string {
  return `${allow ? 'allowed' : 'denied'}${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}`;
}

/** Who asks for what, as far as the input says so. */
function describeInput(input: object): string {
  const at = (...path: readonly string[]): unknown =>
    path.reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], input);
  const method = String(at('action', 'name') ?? 'a method without a name').replace(/^\/(?:[^/]*\.)?/, '');
  const resource = [at('resource', 'type'), at('resource', 'properties', 'name') ?? at('resource', 'id')];
  const about = resource.filter((part) => part !== undefined).join(' ');
  return `${String(at('subject', 'id') ?? 'nobody')} ${method} ${about} in phase ${String(at('action', 'properties', 'phase'))}`;
}
