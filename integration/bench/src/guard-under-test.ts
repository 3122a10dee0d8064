import { fileURLToPath } from 'node:url';
import { directoryCatalogue } from '@dirgate/directory';
import { createGuard, type DecisionLog, type Guard, openDecisionLog } from '@dirgate/guard';
import { loadPolicy, type Policy } from '@dirgate/policy';
import { connectWorkloadApi } from '@dirgate/workload-api';
import { SERVER_ID } from './benchmark-identities.js';

const repository = new URL('../../../', import.meta.url);

/** Where a guard gets what it needs. */
export interface GuardSettings {
  readonly workloadApi: string;
  readonly auditFile: string;
  /**
   * `shipped`: the shipped bundle with the demo's grants, asked before each call and about each message; what it answered
   * is remembered. `call-phase`: the same, asked before each call only. `uncached`: as `shipped`, but without the record of
   * what it reads, so that nothing is remembered and each decision is evaluated.
   */
  readonly policy: 'shipped' | 'call-phase' | 'uncached';
}

/** A guard as a Directory would run it, and its audit trail. */
export interface GuardUnderTest extends AsyncDisposable {
  readonly guard: Guard;
  readonly audit: DecisionLog;
  readonly policy: Policy;
}

/** Opens a guard that takes either credential, with its identity from a Workload API and its audit trail in a file. */
export async function openGuardUnderTest(settings: GuardSettings): Promise<GuardUnderTest> {
  const policy = await policyOf(settings.policy);
  const identity = await connectWorkloadApi({ address: settings.workloadApi });
  const audit = openDecisionLog({ to: settings.auditFile });
  const guard = createGuard({
    identity,
    policy: { current: () => policy, onChange: () => () => undefined },
    accept: 'either',
    audience: [SERVER_ID],
    catalogue: directoryCatalogue,
    onDecision: audit.onDecision,
  });
  return {
    guard,
    audit,
    policy,
    [Symbol.asyncDispose]: async () => {
      guard.close();
      await audit.close();
      await identity.close();
    },
  };
}

async function policyOf(kind: GuardSettings['policy']): Promise<Policy> {
  const live = await loadPolicy({
    bundle: fileURLToPath(new URL('policies/dist/directory.tar.gz', repository)),
    data: fileURLToPath(new URL('integration/grants.yaml', repository)),
  });
  const shipped = live.current();
  if (shipped === undefined) throw new Error('the shipped policy has not loaded');
  switch (kind) {
    case 'shipped':
      return shipped;
    case 'call-phase':
      return { ...shipped, phases: ['call'] };
    case 'uncached':
      return { ...shipped, inputs: undefined };
  }
}
