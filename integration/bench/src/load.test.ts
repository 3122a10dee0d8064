import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BenchmarkIdentities, createBenchmarkIdentities } from './benchmark-identities.js';
import type { GuardSettings } from './guard-under-test.js';
import { measureCosts } from './in-process-costs.js';
import { type LoadSettings, openLoad } from './load.js';
import { compare, runPair } from './paired-comparison.js';
import { type ServerSettings, type ServerUnderTest, startServerUnderTest } from './server-under-test.js';

// That it works, with the real servers but in one process; how fast it is, no test says.

const directory = mkdtempSync(join(tmpdir(), 'dirgate-bench-test-'));
const auditFile = join(directory, 'audit.jsonl');
let identities: BenchmarkIdentities;
let bare: ServerUnderTest;
let guarded: ServerUnderTest;

const guardSettings = (policy: GuardSettings['policy'], file = auditFile): GuardSettings => ({
  workloadApi: identities.workloadApi,
  auditFile: file,
  policy,
});

beforeAll(async () => {
  identities = await createBenchmarkIdentities();
  const bareSettings: ServerSettings = {
    kind: 'bare',
    identity: identities.server,
    roots: identities.roots,
    requireClientCertificate: true,
  };
  bare = await startServerUnderTest(bareSettings);
  guarded = await startServerUnderTest({ kind: 'guarded', guard: guardSettings('shipped') });
});

afterAll(async () => {
  await bare[Symbol.asyncDispose]();
  await guarded[Symbol.asyncDispose]();
  await identities[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const withCertificate = (shape: LoadSettings['shape'], { port }: ServerUnderTest): LoadSettings => ({
  port,
  shape,
  roots: identities.roots,
  certificate: identities.caller,
});

describe.each(['unary', 'bidi'] as const)('%s', (shape) => {
  test('pairs run against both servers and have ratios', async () => {
    const loads = [await openLoad(withCertificate(shape, bare)), await openLoad(withCertificate(shape, guarded))] as const;
    const [bareArm, guardedArm] = loads.map((load) => ({
      run: async (count: number) => {
        const startedAt = performance.now();
        await load.run(count);
        return { seconds: (performance.now() - startedAt) / 1000, cpuMicros: 1 };
      },
    }));
    if (bareArm === undefined || guardedArm === undefined) throw new Error('two loads make two arms');
    const pairs = [await runPair(bareArm, guardedArm, 40, 0), await runPair(bareArm, guardedArm, 40, 1)];
    for (const load of loads) load.close();

    const { throughput, cpu } = compare(pairs, 40);
    expect(throughput.median).toBeGreaterThan(0);
    expect(throughput.median).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(cpu.median).toBe(1);
  });

  test('a token serves as well', async () => {
    const load = await openLoad({ port: guarded.port, shape, roots: identities.roots, token: identities.callerToken });
    await load.run(8);
    load.close();
  });

  test('refused calls do not count as fast ones', async () => {
    const load = await openLoad({ port: guarded.port, shape, roots: identities.roots });
    await expect(load.run(8)).rejects.toThrow(/status 16/);
    load.close();
  });
});

test('the audit trail of a block is written, and dropped when the block is settled', async () => {
  await using server = await startServerUnderTest({
    kind: 'guarded',
    guard: guardSettings('shipped', join(directory, 'settled.jsonl')),
  });
  const load = await openLoad(withCertificate('unary', server));
  await load.run(8);
  load.close();
  await expect.poll(() => readFileSync(join(directory, 'settled.jsonl'), 'utf8').split('\n').length).toBe(2 * 8 + 1);
  await server.settle();
  expect(readFileSync(join(directory, 'settled.jsonl'), 'utf8')).toBe('');
});

test('a policy of phase `call` is asked once per call', async () => {
  const file = join(directory, 'call-phase.jsonl');
  await using server = await startServerUnderTest({ kind: 'guarded', guard: guardSettings('call-phase', file) });
  const load = await openLoad(withCertificate('unary', server));
  await load.run(8);
  load.close();
  await expect.poll(() => readFileSync(file, 'utf8').split('\n').length).toBe(8 + 1);
});

test('every in-process cost is a number', async () => {
  const costs = await measureCosts({
    guard: { workloadApi: identities.workloadApi, auditFile: join(directory, 'costs.jsonl') },
    callerChain: identities.callerChain,
    callerToken: identities.callerToken,
    batches: 2,
    batchSize: 3,
  });
  expect(costs.map(({ name }) => name)).toHaveLength(7);
  for (const { micros } of costs) expect(micros.median).toBeGreaterThan(0);
});
