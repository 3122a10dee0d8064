import type { DecisionOutput } from './gen/decision-output.js';

/**
 * When a policy is asked: before any message of a call, once per request message, once per response message
 * (DESIGN §6).
 */
export type PolicyPhase = 'call' | 'request' | 'response';

/** The policy's answer. Frozen. Only `allow === true` allows. */
export interface Decision extends DecisionOutput {
  /** The {@link Policy.revision} that answered. */
  readonly revision: string;
}

/** One immutable version of a policy: rules and data. Holding on to it keeps answers consistent over a reload. */
export interface Policy {
  /** Names rules and data together: another bundle or other grants give another revision. */
  readonly revision: string;
  /** The phases in which the bundle asks to be consulted. Never empty. */
  readonly phases: readonly PolicyPhase[];
  /**
   * The references below `input` that an answer may depend on, as paths: equal values there mean an equal answer.
   * `undefined`: not recorded, so it may depend on anything.
   */
  readonly inputs: readonly (readonly string[])[] | undefined;
  /**
   * Whether an answer may depend on this input reference: the policy reads it, or something above or below it.
   * `reads('resource', 'properties')` asks for `input.resource.properties`. A bundle without a record of what it reads
   * answers `true` to everything.
   */
  reads(...path: string[]): boolean;
  /**
   * Evaluates the entrypoint `directory/authz/decision`. Synchronous, no I/O, no timeout: a slow policy blocks the
   * process. `input` is written as JSON text; its shape is the caller's business and is not checked.
   *
   * @throws {PolicyError} `input_invalid`, `input_too_large`, `evaluation_failed`, `odd_result`: treat as a denial.
   * After the last two the engine's instance is discarded, and the next call starts from a fresh one.
   */
  decide(input: object): Decision;
}
