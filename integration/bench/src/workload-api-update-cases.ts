import { fromBinary } from '@bufbuild/protobuf';
import type { CleanUp } from '@dirgate/harness';
import { parseTrustDomain, type TrustDomain } from '@dirgate/spiffe';
import { connectWorkloadApi, JWTBundlesResponseSchema, type WorkloadApi, X509SVIDResponseSchema } from '@dirgate/workload-api';
import { Arrivals } from './arrivals.js';
import { type BareStream, openBareStream } from './bare-stream.js';
import { trustDomainName } from './spiffe-case.js';
import type { AgentAddresses, AgentClient, AgentQuestion, UpdateChange } from './workload-api-agent.js';
import type { WorkloadApiCase } from './workload-api-case.js';
import { changedTrustDomain, FEWEST_FOR_WITHDRAWAL, withdrawnTrustDomains } from './workload-api-federation.js';

/** What updates are measured with. */
export interface UpdateCaseOptions {
  readonly trustDomains: number;
  readonly addresses: AgentAddresses;
  /** Asks the agent, which has a process of its own in a measurement: what it costs there is nobody's here. */
  readonly ask: (question: AgentQuestion) => Promise<unknown>;
  /** Closes what is opened here. */
  readonly cleanUp: CleanUp;
}

/** One profile of the Workload API, and who is served it. The other one is switched off there. */
interface Profile {
  readonly need: 'x509' | 'jwt';
  readonly stream: 'FetchX509SVID' | 'FetchJWTBundles';
  readonly other: 'FetchX509SVID' | 'FetchJWTBundles';
  readonly measured: AgentClient;
  readonly bare: AgentClient;
  readonly bundle: (identity: WorkloadApi, trustDomain: TrustDomain) => unknown;
  readonly decode: (message: Uint8Array) => object;
}

const X509: Profile = {
  need: 'x509',
  stream: 'FetchX509SVID',
  other: 'FetchJWTBundles',
  measured: 'measured',
  bare: 'bare',
  bundle: (identity, trustDomain) => identity.x509Bundle(trustDomain),
  decode: (message) => fromBinary(X509SVIDResponseSchema, message).federatedBundles,
};

const JWT: Profile = {
  need: 'jwt',
  stream: 'FetchJWTBundles',
  other: 'FetchX509SVID',
  measured: 'jwt-measured',
  bare: 'jwt-bare',
  bundle: (identity, trustDomain) => identity.jwtBundle(trustDomain),
  decode: (message) => fromBinary(JWTBundlesResponseSchema, message).bundles,
};

/** A live identity that gets one profile, and a bare client that gets the same from a socket of its own. */
interface Clients {
  readonly profile: Profile;
  readonly identity: WorkloadApi;
  /** Change listeners that were told. */
  readonly changes: Arrivals;
  readonly bare: BareStream;
}

/** One kind of update. */
interface Update {
  readonly change: UpdateChange;
  readonly name: string;
  /** What a reader sees of it: something else after each update. */
  readonly seen: () => unknown;
  /** Each update is seen before the next one is asked for. */
  readonly oneByOne?: boolean;
}

/**
 * Updates as they come: sent by an agent on a unix socket, received, checked, swapped in, seen by a change listener. The twin
 * is the decoding of the same bytes by `@bufbuild/protobuf`.
 */
export async function openUpdateCases(options: UpdateCaseOptions): Promise<readonly WorkloadApiCase[]> {
  const { trustDomains } = options;
  const x509 = await openClients(X509, options);
  const jwt = await openClients(JWT, options);
  const changed = parseTrustDomain(changedTrustDomain(trustDomains));
  const { identity } = x509;
  const cases = [
    createCase(options, x509, {
      change: 'bundle',
      name: 'one federated bundle changes',
      seen: () => identity.x509Bundle(changed),
    }),
    createCase(options, x509, { change: 'svid', name: 'our own SVID rotates', seen: () => identity.x509Svid() }),
    createCase(options, jwt, {
      change: 'jwt-bundle',
      name: 'one federated JWT bundle changes',
      seen: () => jwt.identity.jwtBundle(changed),
    }),
  ];
  if (trustDomains < FEWEST_FOR_WITHDRAWAL) return cases;
  const candidates = withdrawnTrustDomains(trustDomains).map(parseTrustDomain);
  const withdrawn = (): TrustDomain | undefined => {
    const gone = candidates.filter((trustDomain) => identity.x509Bundle(trustDomain) === undefined);
    return gone.length === 1 ? gone[0] : undefined;
  };
  const name = 'one trust domain is withdrawn, one is back';
  return [...cases, createCase(options, x509, { change: 'withdrawal', name, seen: withdrawn, oneByOne: true })];
}

function createCase(
  { trustDomains, ask }: UpdateCaseOptions,
  { profile, changes, bare }: Clients,
  { change, name, seen, oneByOne = false }: Update,
): WorkloadApiCase {
  const push = (to: AgentClient, count: number): Promise<unknown> => ask({ kind: 'push', trustDomains, to, change, count });
  const apply = async (count: number): Promise<void> => {
    const before = seen();
    await Promise.all([changes.next(count), push(profile.measured, count)]);
    if (seen() === before || seen() === undefined) throw new Error(`an update was not taken over: ${name}`);
  };
  return {
    name,
    kind: 'update',
    trustDomains,
    subject: async (count) => {
      if (!oneByOne) return apply(count);
      for (let index = 0; index < count; index++) await apply(1);
    },
    twin: (count) => {
      for (let index = 0; index < count; index++) {
        if (profile.decode(bare.last()) === undefined) throw new Error('there was nothing to decode');
      }
    },
    received: async (count) => {
      await Promise.all([bare.next(count), push(profile.bare, count)]);
    },
    goalMicros: undefined,
    allocatesNothing: false,
  };
}

async function openClients(profile: Profile, { trustDomains, addresses, cleanUp }: UpdateCaseOptions): Promise<Clients> {
  const changes = new Arrivals();
  const identity = cleanUp.use(await connect(profile, addresses[profile.measured], changes));
  // As they are after the first sweep over a message: an update reads what changed.
  for (let index = 0; index < trustDomains; index++) {
    const name = trustDomainName(index);
    if (profile.bundle(identity, parseTrustDomain(name)) === undefined) throw new Error(`there is no bundle of ${name}`);
  }
  identity.onChange(changes.arrived);
  const bare = cleanUp.use(await openBareStream(addresses[profile.bare], profile.stream));
  return { profile, identity, changes, bare };
}

/** Whatever is reported of an update that was not taken over whole ends the run. */
async function connect({ need, other }: Profile, address: string, changes: Arrivals): Promise<WorkloadApi> {
  const report = (text: string): void => {
    // The other profile is switched off by our agent, so that nothing but what is measured is sent.
    if (!text.startsWith(other)) changes.fail(new Error(text));
  };
  return connectWorkloadApi({ address, need: [need], logger: { info: () => undefined, warn: report, error: report } });
}
