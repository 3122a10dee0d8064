import type { CleanUp } from '@dirgate/harness';
import { connectWorkloadApi } from '@dirgate/workload-api';
import type { AgentAddresses, AgentQuestion } from './workload-api-agent.js';
import type { WorkloadApiCase } from './workload-api-case.js';
import { createReadCases, createTokenCases } from './workload-api-read-cases.js';
import { openUpdateCases } from './workload-api-update-cases.js';

/** What {@link openWorkloadApiCases} is told. */
export interface WorkloadApiCasesOptions {
  /** Numbers of federated trust domains; reads are done at the last of them. */
  readonly trustDomains: readonly number[];
  /** For the sockets. */
  readonly directory: string;
  readonly ask: (question: AgentQuestion) => Promise<unknown>;
  /** Closes what is opened here. */
  readonly cleanUp: CleanUp;
}

/** Connects to the agent and returns all that is measured. */
export async function openWorkloadApiCases(options: WorkloadApiCasesOptions): Promise<readonly WorkloadApiCase[]> {
  const { directory, ask, cleanUp } = options;
  const updates: WorkloadApiCase[] = [];
  let reads: readonly WorkloadApiCase[] = [];
  for (const trustDomains of options.trustDomains) {
    const addresses = (await ask({ kind: 'serve', directory, trustDomains })) as AgentAddresses;
    updates.push(...(await openUpdateCases({ trustDomains, addresses, ask, cleanUp })));
    if (trustDomains !== options.trustDomains.at(-1)) continue;
    const identity = cleanUp.use(await connectWorkloadApi({ address: addresses.reader, need: ['x509', 'jwt'] }));
    reads = [...createReadCases(identity, trustDomains), ...(await createTokenCases(identity, trustDomains))];
  }
  return [...reads, ...updates];
}
