import { fromBinary } from '@bufbuild/protobuf';
import type { Decision, Policy, PolicyPhase, PolicySource } from '@dirgate/policy';
import { parseX509Svid } from '@dirgate/spiffe';
import { createIdentityAuthority, type IdentityAuthority, type InProcessIdentity } from '@dirgate/testing';
import type { Connection, ConnectionFacts } from '../authentication/connection.js';
import type { ResourceRule } from '../catalogue/catalogue.js';
import { createCatalogue } from '../catalogue/create-catalogue.js';
import type { DecisionEvent } from '../decision-log/decision-event.js';
import type { DecisionInput } from '../gen/decision-input.js';
import { type Admission, buildGuard, type Guard } from '../guard.js';
import type { GuardOptions } from '../guard-options.js';
import type { GuardedCall } from '../guarded-call.js';
import { descriptorSetOf, messageIn } from './proto-file.js';

/** The identity and the audience of the guarded server. */
export const SERVER_ID = 'spiffe://home.example/server';
/** A method whose messages are judged, both ways. */
export const GET = '/test.v1.Things/Get';
/** A method that is judged by phase `call` alone. */
export const PING = '/test.v1.Things/Ping';

const THINGS = {
  messages: { GetRequest: { ids: 'repeated string', name: 'string' }, Empty: {} },
  services: { Things: { Get: ['GetRequest', 'GetRequest'], Ping: ['Empty', 'Empty'] } },
} as const;

const things: ResourceRule = { type: 'thing', id: 'ids[]', describedBy: 'ids[]', properties: { name: 'name' } };

const catalogue = createCatalogue({
  descriptors: descriptorSetOf(THINGS),
  services: {
    'test.v1.Things': {
      Get: { class: 'read', request: things, response: things },
      Ping: { class: 'read' },
    },
  },
});

/** A policy whose parts tests set as they like. */
export class TestPolicy implements PolicySource {
  phases: readonly PolicyPhase[] = ['call', 'request'];
  decide: (input: DecisionInput) => unknown = () => ({ allow: true, reasons: ['test_allow'], revision: 'one' });
  reads = true;
  inputs: Policy['inputs'];
  readonly asked: DecisionInput[] = [];
  readonly #listeners = new Set<() => void>();
  #current: Policy | undefined = this.#make('one');

  current(): Policy | undefined {
    return this.#current;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Replaces the policy by another revision, or by none. */
  replace(revision: string | undefined): void {
    this.#current = revision === undefined ? undefined : this.#make(revision);
    for (const listener of this.#listeners) listener();
  }

  #make(revision: string): Policy {
    const { phases, inputs } = this;
    return {
      revision,
      phases,
      inputs,
      reads: () => this.reads,
      decide: (input) => {
        this.asked.push(input as DecisionInput);
        return this.decide(input as DecisionInput) as Decision;
      },
    };
  }
}

/** A guard without a transport, over a clock that tests turn. */
export class TestedGuard {
  /** A whole second, as certificates and tokens have no finer time. */
  now = 1_800_000_000_000;
  readonly policy = new TestPolicy();
  readonly events: DecisionEvent[] = [];
  authority!: IdentityAuthority;
  identity!: InProcessIdentity;
  guard!: Guard;

  /** `monotonic` measures work that is done in slices: none takes any time unless a test says so, however busy the machine is. */
  static async start(
    options: Partial<GuardOptions> = {},
    { monotonic = () => 0, partnerIntermediates = 0 }: { monotonic?: () => number; partnerIntermediates?: number } = {},
  ): Promise<TestedGuard> {
    const tested = new TestedGuard();
    tested.authority = await createIdentityAuthority({
      clock: () => tested.now,
      trustDomains: [
        { name: 'home.example', federatesWith: ['partner.example'] },
        { name: 'partner.example', x509SvidTtlMs: 10_000, jwtSvidTtlMs: 10_000, intermediates: partnerIntermediates },
        { name: 'stranger.example' },
      ],
    });
    tested.identity = tested.authority.identityOf(SERVER_ID);
    tested.guard = buildGuard({ ...tested.options(), ...options }, monotonic);
    return tested;
  }

  /** Options that work. */
  options(): GuardOptions {
    return {
      identity: this.identity,
      policy: this.policy,
      accept: 'either',
      audience: [SERVER_ID],
      catalogue,
      leewayMs: 0,
      onDecision: (event) => this.events.push(event),
      clock: () => this.now,
    };
  }

  /** A connection whose peer presents an SVID of `id`, or nothing. */
  connect(id?: string, facts: Partial<ConnectionFacts> = {}, askToRenew?: () => void): Connection {
    const peerChain = facts.peerChain ?? (id === undefined ? [] : this.chainOf(id));
    return this.guard.connect({ resumed: false, peerAddress: '192.0.2.1:7', ...facts, peerChain }, askToRenew);
  }

  chainOf(id: string): readonly Uint8Array[] {
    const trustDomain = id.split('/')[2] ?? '';
    return parseX509Svid(this.authority.trustDomain(trustDomain).issueX509Svid(id)).chain;
  }

  tokenOf(id: string, options: { readonly ttlMs?: number; readonly audience?: string } = {}): Promise<string> {
    const trustDomain = id.split('/')[2] ?? '';
    return this.authority.trustDomain(trustDomain).issueJwtSvid(id, { audience: SERVER_ID, ...options });
  }

  admit(connection: Connection, { token, method = PING }: { token?: string; method?: string } = {}): Admission {
    return this.guard.admit({ connection, method, authorization: token === undefined ? [] : [`Bearer ${token}`] });
  }

  /** The admitted call; fails the test when it was refused. */
  admitted(connection: Connection, options: { token?: string; method?: string } = {}): GuardedCall {
    const admission = this.admit(connection, options);
    if (admission.kind === 'refused') throw new Error(`refused: ${admission.refusal.code}`);
    return admission.call;
  }

  /** `allowed`, or the code of the refusal. */
  verdict(connection: Connection, options: { token?: string; method?: string } = {}): string {
    const admission = this.admit(connection, options);
    return admission.kind === 'admitted' ? 'allowed' : admission.refusal.code;
  }
}

/** A message of {@link GET}, to it or from it. */
export function getRequest(ids: readonly unknown[], more: object = {}): object {
  return { $typeName: 'test.v1.GetRequest', ids, ...more };
}

/** The code of a server for messages of {@link GET}. */
export function readGetRequest(bytes: Buffer): object {
  return fromBinary(messageIn(THINGS, 'GetRequest'), bytes);
}
