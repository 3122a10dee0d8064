import { fromBinary } from '@bufbuild/protobuf';
import { parseTrustDomain } from '@dirgate/spiffe';
import { connectWorkloadApi, type WorkloadApi, X509SVIDResponseSchema } from '@dirgate/workload-api';
import { Arrivals } from './arrivals.js';
import { openBareX509Stream } from './bare-x509-stream.js';
import type { CleanUp } from './clean-up.js';
import { trustDomainName } from './spiffe-case.js';
import {
  type AgentAddresses,
  type AgentClient,
  type AgentQuestion,
  changedTrustDomain,
  type UpdateChange,
} from './workload-api-agent.js';
import type { Work, WorkloadApiCase } from './workload-api-case.js';

/** What updates are measured with. */
export interface UpdateCaseOptions {
  readonly trustDomains: number;
  readonly addresses: AgentAddresses;
  /** Asks the agent, which has a process of its own in a measurement: what it costs there is nobody's here. */
  readonly ask: (question: AgentQuestion) => Promise<unknown>;
  /** Closes what is opened here. */
  readonly cleanUp: CleanUp;
}

const CHANGES: readonly (readonly [UpdateChange, string])[] = [
  ['bundle', 'one federated bundle changes'],
  ['svid', 'our own SVID rotates'],
];

/**
 * Updates as they come: sent by an agent on a unix socket, received, checked, swapped in, seen by a change listener. The twin
 * is the decoding of the same bytes by `@bufbuild/protobuf`.
 */
export async function openUpdateCases({
  trustDomains,
  addresses,
  ask,
  cleanUp,
}: UpdateCaseOptions): Promise<readonly WorkloadApiCase[]> {
  const changes = new Arrivals();
  const identity = cleanUp.use(await connect(addresses.measured, changes));
  readAllBundles(identity, trustDomains);
  identity.onChange(changes.arrived);
  const bare = cleanUp.use(await openBareX509Stream(addresses.bare));
  const push = (to: AgentClient, change: UpdateChange, count: number): Promise<unknown> =>
    ask({ kind: 'push', trustDomains, to, change, count });
  return CHANGES.map(([change, name]): WorkloadApiCase => {
    const seen = change === 'svid' ? () => identity.x509Svid() : changingBundle(identity, trustDomains);
    return {
      name,
      kind: 'update',
      trustDomains,
      subject: async (count) => {
        const before = seen();
        await Promise.all([changes.next(count), push('measured', change, count)]);
        if (seen() === before || seen() === undefined) throw new Error(`an update was not taken over: ${name}`);
      },
      twin: decodeOf(() => bare.last()),
      received: async (count) => {
        await Promise.all([bare.next(count), push('bare', change, count)]);
      },
      goalMicros: undefined,
      allocatesNothing: false,
    };
  });
}

/** Whatever is reported of an update that was not taken over whole ends the run. */
async function connect(address: string, changes: Arrivals): Promise<WorkloadApi> {
  const report = (text: string): void => {
    // Switched off by our agent, so that nothing but what is measured is sent.
    if (!text.startsWith('FetchJWTBundles')) changes.fail(new Error(text));
  };
  return connectWorkloadApi({ address, need: ['x509'], logger: { info: () => undefined, warn: report, error: report } });
}

/** As they are after the first sweep over a message: an update reads what changed. */
function readAllBundles(identity: WorkloadApi, trustDomains: number): void {
  for (let index = 0; index < trustDomains; index++) {
    const name = trustDomainName(index);
    if (identity.x509Bundle(parseTrustDomain(name)) === undefined) throw new Error(`there is no bundle of ${name}`);
  }
}

function changingBundle(identity: WorkloadApi, trustDomains: number): () => unknown {
  const trustDomain = parseTrustDomain(changedTrustDomain(trustDomains));
  return () => identity.x509Bundle(trustDomain);
}

function decodeOf(message: () => Uint8Array): Work {
  return (count) => {
    for (let index = 0; index < count; index++) {
      if (fromBinary(X509SVIDResponseSchema, message()).svids.length === 0) throw new Error('there was nothing to decode');
    }
  };
}
