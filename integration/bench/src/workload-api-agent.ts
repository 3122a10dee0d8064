import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createIdentityAuthority, type IdentityAuthority, type ServedWorkload, WorkloadApiRefusal } from '@dirgate/testing';
import { status } from '@grpc/grpc-js';
import { Federation } from './workload-api-federation.js';

const HOUR_MS = 3_600_000;
const OWN = 'own.example';
/** Whose keys stand in all federated bundles, and in the one that changes, alternately. */
const SIGNERS = ['first.example', 'second.example'] as const;

/** Who is served, each at a socket and as a workload of its own: nothing that is pushed to one reaches another. */
export type AgentClient = 'reader' | 'measured' | 'bare' | 'jwt-measured' | 'jwt-bare';
const PROFILES: Readonly<Record<AgentClient, 'both' | 'x509' | 'jwt'>> = {
  reader: 'both',
  measured: 'x509',
  bare: 'x509',
  'jwt-measured': 'jwt',
  'jwt-bare': 'jwt',
};
const CLIENTS = Object.keys(PROFILES) as readonly AgentClient[];

/**
 * What an update changes: the bundle of one federated trust domain, the workload's own SVID and key, which trust domains there are,
 * or the JWT bundle of one.
 */
export type UpdateChange = 'bundle' | 'svid' | 'withdrawal' | 'jwt-bundle';

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
    const addresses = { reader: '', measured: '', bare: '', 'jwt-measured': '', 'jwt-bare': '' };
    const [first, second] = SIGNERS.map((name) => this.#authority.trustDomain(name));
    if (first === undefined || second === undefined) throw new RangeError('two signers');
    for (const client of CLIENTS) {
      const served = await this.#authority.serveWorkloadApi({
        id: `spiffe://${OWN}/${client}`,
        address: `unix://${join(directory, `${trustDomains}-${client}.sock`)}`,
        renew: false,
      });
      const workload = new AgentWorkload(served, {
        profile: PROFILES[client],
        x509: new Federation(trustDomains, [first.x509BundleDer(), second.x509BundleDer()]),
        jwt: new Federation(trustDomains, [Buffer.from(first.jwks()), Buffer.from(second.jwks())]),
      });
      this.#workloads.set(`${trustDomains} ${client}`, workload);
      addresses[client] = served.address;
    }
    return addresses;
  }
}

interface AgentWorkloadOptions {
  readonly profile: 'both' | 'x509' | 'jwt';
  readonly x509: Federation;
  readonly jwt: Federation;
}

class AgentWorkload {
  readonly #served: ServedWorkload;
  readonly #options: AgentWorkloadOptions;

  constructor(served: ServedWorkload, options: AgentWorkloadOptions) {
    this.#served = served;
    this.#options = options;
    this.#send();
  }

  async push(change: UpdateChange, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      await nextTurn();
      await this.#push(change);
    }
  }

  async #push(change: UpdateChange): Promise<void> {
    const { x509, jwt } = this.#options;
    switch (change) {
      case 'svid':
        return this.#served.rotate();
      case 'bundle':
        x509.changeOne();
        break;
      case 'withdrawal':
        x509.withdrawOne();
        break;
      case 'jwt-bundle':
        jwt.changeOne();
        break;
    }
    this.#send();
  }

  /** Sends the present state on all streams. Where updates are measured the other profile is switched off: it would be sent as well. */
  #send(): void {
    const { profile, x509, jwt } = this.#options;
    const federatedBundles = x509.all;
    const jwtBundles = jwt.all;
    this.#served.inject({
      x509Svids: profile === 'jwt' ? refuse : (message) => ({ ...message, federatedBundles }),
      jwtBundles: profile === 'x509' ? refuse : ({ bundles }) => ({ bundles: { ...bundles, ...jwtBundles } }),
    });
  }
}

function refuse(): never {
  throw new WorkloadApiRefusal(status.UNIMPLEMENTED, 'this profile is switched off');
}
