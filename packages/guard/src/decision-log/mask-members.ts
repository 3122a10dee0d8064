import type { DecisionOutput } from '@dirgate/policy';
import type { DecisionInput } from '../gen/decision-input.js';

/** What a log may show, by name. `true`: whatever stands there; of what is below, nobody can know all names. */
interface Members {
  readonly [name: string]: Members | true;
}

/** All members of a type: one that is added to the schema and not here does not compile. */
type MembersOf<T> = true | { readonly [Name in keyof Required<T>]: MembersOf<NonNullable<T[Name]>> };

const workload = { id: true, trust_domain: true, path: true, federated: true } as const;

const members = {
  input: {
    subject: {
      type: true,
      id: true,
      properties: {
        trust_domain: true,
        path: true,
        credential: true,
        federated: true,
        audience: true,
        claims: true,
        peer: workload,
      },
    },
    action: { name: true, properties: { service: true, method: true, class: true, phase: true } },
    resource: { type: true, id: true, properties: true },
    context: { server: { id: true, trust_domain: true }, time_ms: true, peer_address: true },
  },
  result: { allow: true, reasons: true },
} as const satisfies MembersOf<{ readonly input: DecisionInput; readonly result: DecisionOutput }>;

/** Whether a line can have something at this path. A mask of a name that no line has would hide nothing, and nobody would know. */
export function mayBeLogged(path: readonly string[]): boolean {
  let known: Members | true | undefined = members;
  for (const name of path) {
    if (known === true) {
      return true;
    }
    known = Object.hasOwn(known, name) ? known[name] : undefined;
    if (known === undefined) {
      return false;
    }
  }
  return true;
}
