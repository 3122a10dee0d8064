import type { DecisionInput } from '@dirgate/guard';
import type { Policy } from '@dirgate/policy';
import { CALLER_ID, SERVER_ID } from './benchmark-identities.js';
import { type GuardSettings, type GuardUnderTest, openGuardUnderTest } from './guard-under-test.js';
import { type Estimate, estimateMedian } from './statistics.js';

/** What the measurement needs. */
export interface CostSettings {
  readonly guard: Omit<GuardSettings, 'policy'>;
  readonly callerChain: readonly Uint8Array[];
  readonly callerToken: string;
  /** How many batches each cost is the median of. */
  readonly batches: number;
  readonly batchSize: number;
}

/** One cost, in microseconds. */
export interface Cost {
  readonly name: string;
  readonly micros: Estimate;
}

const METHOD = '/agntcy.dir.search.v1.SearchService/CountRecords';

/** A batch: does its work `count` times and answers how long that took, in microseconds each. */
type Batch = (count: number) => number | Promise<number>;

/** Measures what a call costs inside of the process, with everything warm: no socket, no gRPC. */
export async function measureCosts(settings: CostSettings): Promise<readonly Cost[]> {
  const { callerChain, callerToken } = settings;
  await using shipped = await openGuardUnderTest({ ...settings.guard, policy: 'shipped' });
  await using uncached = await openGuardUnderTest({ ...settings.guard, policy: 'uncached' });
  const certificate = { peerChain: callerChain, authorization: [] };
  const token = { peerChain: [], authorization: [`Bearer ${callerToken}`] };
  const batches: readonly (readonly [string, Batch])[] = [
    ['one unary call (admit, judgeRequest, end), X.509-SVID', callBatch(shipped, certificate)],
    ['one unary call (admit, judgeRequest, end), JWT-SVID', callBatch(shipped, token)],
    ['the same with both decisions evaluated, X.509-SVID', callBatch(uncached, certificate)],
    ['the same with both decisions evaluated, JWT-SVID', callBatch(uncached, token)],
    ['policy.decide, phase call', decideBatch(shipped.policy, 'call')],
    ['policy.decide, phase request', decideBatch(shipped.policy, 'request')],
    ['one audit event, formatted and written (off the path of the call)', auditBatch(shipped)],
  ];
  const micros = batches.map((): number[] => []);
  const warmUp = Math.ceil(settings.batches / 4);
  for (let round = -warmUp; round < settings.batches; round++) {
    for (const [index, [, batch]] of batches.entries()) {
      const value = await batch(settings.batchSize);
      if (round >= 0) micros[index]?.push(value);
    }
  }
  return batches.map(([name], index) => ({ name, micros: estimateMedian(micros[index] ?? []) }));
}

interface Credential {
  readonly peerChain: readonly Uint8Array[];
  readonly authorization: readonly string[];
}

/** What the adapter asks of the guard for one unary call, on a connection that is proven already. */
function callBatch({ guard, audit }: GuardUnderTest, { peerChain, authorization }: Credential): Batch {
  const connection = guard.connect({ peerChain, resumed: false, peerAddress: '127.0.0.1:50000' });
  const message = { $typeName: 'agntcy.dir.search.v1.CountRecordsRequest', queries: [] };
  const revoked = (): void => undefined;
  return async (count) => {
    const startedAt = performance.now();
    for (let index = 0; index < count; index++) {
      const admission = guard.admit({ connection, method: METHOD, authorization });
      if (admission.kind === 'refused') throw new Error(`the guard refused the call: ${admission.refusal.code}`);
      const { call } = admission;
      call.watch(revoked);
      if (call.judgeRequest(message) !== undefined) throw new Error('the guard refused the message');
      call.end();
    }
    const micros = ((performance.now() - startedAt) * 1000) / count;
    await audit.flush();
    return micros;
  };
}

function decideBatch(policy: Policy, phase: 'call' | 'request'): Batch {
  return (count) => {
    const startedAt = performance.now();
    for (let index = 0; index < count; index++) {
      if (!policy.decide(decisionInput(phase)).allow) throw new Error('the policy refused');
    }
    return ((performance.now() - startedAt) * 1000) / count;
  };
}

function decisionInput(phase: 'call' | 'request'): DecisionInput {
  const [, service = '', method = ''] = METHOD.split('/');
  const trust_domain = 'directory.example';
  return {
    subject: {
      type: 'workload',
      id: CALLER_ID,
      properties: {
        trust_domain,
        path: ['user', 'bench'],
        credential: 'x509-svid',
        federated: false,
        audience: [],
        claims: {},
        peer: null,
      },
    },
    action: { name: METHOD, properties: { service, method, class: 'search', phase } },
    resource: phase === 'call' ? { type: 'service', id: service, properties: {} } : { type: 'query', properties: {} },
    context: { server: { id: SERVER_ID, trust_domain }, time_ms: Date.now(), peer_address: '127.0.0.1:50000' },
  };
}

/** Events as the guard makes them: all of one caller and method share those parts of their input. */
function auditBatch({ audit, policy }: GuardUnderTest): Batch {
  const shared = decisionInput('request');
  return async (count) => {
    for (let index = 0; index < count; index++) {
      audit.onDecision({
        input: {
          ...shared,
          resource: { type: 'query', properties: {} },
          context: { ...shared.context, time_ms: Date.now() },
        },
        generation: 1,
        id: `0123456789ab-${index}`,
        time: Date.now(),
        method: METHOD,
        step: 'request',
        allow: true,
        code: 'allowed',
        reasons: ['role_searcher'],
        subject: CALLER_ID,
        credential: 'x509-svid',
        resource: { type: 'query' },
        revision: policy.revision,
        peerAddress: '127.0.0.1:50000',
      });
    }
    const startedAt = performance.now();
    await audit.flush();
    return ((performance.now() - startedAt) * 1000) / count;
  };
}
