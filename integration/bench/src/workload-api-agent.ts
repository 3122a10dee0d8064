import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createIdentityAuthority, type IdentityAuthority, type ServedWorkload, WorkloadApiRefusal } from '@dirgate/testing';
import { status } from '@grpc/grpc-js';
import { trustDomainName } from './spiffe-case.js';

const HOUR_MS = 3_600_000;
const OWN = 'own.example';
/** Whose CAs stand in all federated bundles, and in the one that changes, alternately. */
const SIGNERS = ['first.example', 'second.example'] as const;

/** Who is served, each at a socket and as a workload of its own: nothing that is pushed to one reaches another. */
export const AGENT_CLIENTS = ['reader', 'measured', 'bare'] as const;
export type AgentClient = (typeof AGENT_CLIENTS)[number];

/** What an update changes: the bundle of one federated trust domain, or the workload's own SVID and key. */
export type UpdateChange = 'bundle' | 'svid';

/** What the agent is asked. */
export type AgentQuestion =
  | {
      readonly kind: 'serve';
      /** Where the sockets shall be. */
      readonly directory: string;
      readonly trustDomains: number;
    }
  | {
      readonly kind: 'push';
      readonly trustDomains: number;
      readonly to: AgentClient;
      readonly change: UpdateChange;
      /** So many messages, each on its own. */
      readonly count: number;
    };

/** The addresses of all clients' sockets: the answer to `serve`. */
export type AgentAddresses = Readonly<Record<AgentClient, string>>;

/** The trust domain whose bundle changes. */
export function changedTrustDomain(trustDomains: number): string {
  return trustDomainName(Math.floor(trustDomains / 2));
}

/** An agent whose workloads are federated with any number of trust domains, and who sends an update when it is asked to. */
export class BenchAgent implements AsyncDisposable {
  readonly #authority: IdentityAuthority;
  readonly #workloads = new Map<string, AgentWorkload>();

  private constructor(authority: IdentityAuthority) {
    this.#authority = authority;
  }

  /** Nothing that it issues expires within the hour, and nothing is renewed unasked. */
  static async create(): Promise<BenchAgent> {
    const own = { name: OWN, x509SvidTtlMs: 4 * HOUR_MS, jwtSvidTtlMs: 4 * HOUR_MS };
    return new BenchAgent(await createIdentityAuthority({ trustDomains: [own, ...SIGNERS.map((name) => ({ name }))] }));
  }

  async answer(question: AgentQuestion): Promise<AgentAddresses | undefined> {
    switch (question.kind) {
      case 'serve':
        return this.#serve(question.directory, question.trustDomains);
      case 'push': {
        const workload = this.#workloads.get(`${question.trustDomains} ${question.to}`);
        if (workload === undefined) throw new Error('nobody is served that');
        await workload.push(question.change, question.count);
        return undefined;
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#authority.close();
  }

  async #serve(directory: string, trustDomains: number): Promise<AgentAddresses> {
    const addresses = { reader: '', measured: '', bare: '' };
    for (const client of AGENT_CLIENTS) {
      const served = await this.#authority.serveWorkloadApi({
        id: `spiffe://${OWN}/${client}`,
        address: `unix://${join(directory, `${trustDomains}-${client}.sock`)}`,
        renew: false,
      });
      const [first, second] = SIGNERS.map((name) => this.#authority.trustDomain(name).x509BundleDer());
      if (first === undefined || second === undefined) throw new RangeError('two signers');
      const workload = new AgentWorkload(served, { trustDomains, bundles: [first, second], withJwt: client === 'reader' });
      this.#workloads.set(`${trustDomains} ${client}`, workload);
      addresses[client] = served.address;
    }
    return addresses;
  }
}

class AgentWorkload {
  readonly #served: ServedWorkload;
  readonly #changed: string;
  readonly #withJwt: boolean;
  /** Never changed, only replaced: a message that was sent may be encoded later. */
  #federated: Readonly<Record<string, Uint8Array>>;
  /** What the bundle of {@link #changed} is, and what it is next. */
  #bundles: readonly [Uint8Array, Uint8Array];

  constructor(
    served: ServedWorkload,
    options: { readonly trustDomains: number; readonly bundles: readonly [Uint8Array, Uint8Array]; readonly withJwt: boolean },
  ) {
    const { trustDomains, bundles, withJwt } = options;
    const ids = Array.from({ length: trustDomains }, (_, index) => `spiffe://${trustDomainName(index)}`);
    this.#served = served;
    this.#federated = Object.fromEntries(ids.map((id) => [id, bundles[0]]));
    this.#changed = `spiffe://${changedTrustDomain(trustDomains)}`;
    this.#withJwt = withJwt;
    this.#bundles = bundles;
    this.#send();
  }

  async push(change: UpdateChange, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      await nextTurn();
      if (change === 'svid') await this.#served.rotate();
      else this.#changeBundle();
    }
  }

  #changeBundle(): void {
    const [before, after] = this.#bundles;
    this.#bundles = [after, before];
    this.#federated = { ...this.#federated, [this.#changed]: after };
    this.#send();
  }

  /** Sends the present state on all streams. Where updates are measured the JWT profile is switched off: it would be sent as well. */
  #send(): void {
    const federatedBundles = this.#federated;
    this.#served.inject({
      x509Svids: (message) => ({ ...message, federatedBundles }),
      ...(this.#withJwt ? {} : { jwtBundles: refuse }),
    });
  }
}

function refuse(): never {
  throw new WorkloadApiRefusal(status.UNIMPLEMENTED, 'there are no JWT bundles here');
}
