import type { Decision, Policy, PolicyPhase, PolicySource } from '@dirgate/policy';

/** The parts of a policy input that scripted rules look at. */
export interface AskedInput {
  readonly subject: { readonly id: string; readonly properties: { readonly credential: string; readonly federated: boolean } };
  readonly action: { readonly name: string; readonly properties: { readonly phase: PolicyPhase; readonly class: string } };
  readonly resource: { readonly type: string; readonly id?: string; readonly properties: Readonly<Record<string, unknown>> };
}

/** A policy whose rule is a function, to steer the seam from a test. Whether real policies decide right is tested elsewhere. */
export class ScriptedPolicy implements PolicySource {
  readonly asked: AskedInput[] = [];
  phases: readonly PolicyPhase[] = ['call', 'request'];
  rule: (input: AskedInput) => boolean = () => true;
  readonly #listeners = new Set<() => void>();
  #current = this.#policy('scripted-1');

  current(): Policy {
    return this.#current;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Loads a new revision, as a reload would. */
  replace(rule: (input: AskedInput) => boolean): void {
    this.rule = rule;
    this.#current = this.#policy('scripted-2');
    for (const listener of this.#listeners) listener();
  }

  #policy(revision: string): Policy {
    const phases = () => this.phases;
    return {
      revision,
      get phases() {
        return phases();
      },
      inputs: undefined,
      reads: () => true,
      decide: (input): Decision => {
        const asked = input as AskedInput;
        this.asked.push(asked);
        const allow = this.rule(asked);
        return { allow, reasons: [allow ? 'scripted_allow' : 'scripted_deny'], revision };
      },
    };
  }
}
