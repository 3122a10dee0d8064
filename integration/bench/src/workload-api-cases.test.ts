import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CleanUp } from '@dirgate/harness';
import { createIdentityAuthority } from '@dirgate/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BenchAgent } from './workload-api-agent.js';
import { inTurns, repeatAwaited, repeatRead, type WorkloadApiCase } from './workload-api-case.js';
import { openWorkloadApiCases } from './workload-api-cases.js';
import { openUpdateCases } from './workload-api-update-cases.js';

const SIZES = [1, 3];

describe('the cases', () => {
  const cleanUp = new CleanUp();
  let cases: readonly WorkloadApiCase[] = [];
  let pushed = 0;

  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
    const agent = cleanUp.use(await BenchAgent.create());
    const ask: typeof agent.answer = (question) => {
      if (question.kind === 'push') pushed += question.count;
      return agent.answer(question);
    };
    cases = await openWorkloadApiCases({ trustDomains: SIZES, directory, ask, cleanUp });
    // A hundred tokens are signed, ten sockets opened: on a busy machine that takes longer than a hook may by default.
  }, 60_000);

  afterAll(() => cleanUp[Symbol.asyncDispose]());

  test('are reads at the last size, and updates at each', () => {
    expect(cases.filter(({ kind }) => kind !== 'update').map(({ trustDomains }) => trustDomains)).toEqual(Array(8).fill(3));
    expect(cases.filter(({ kind }) => kind === 'update').map(({ name, trustDomains }) => [name, trustDomains])).toEqual([
      ['one federated bundle changes', 1],
      ['our own SVID rotates', 1],
      ['one federated JWT bundle changes', 1],
      ['one federated bundle changes', 3],
      ['our own SVID rotates', 3],
      ['one federated JWT bundle changes', 3],
      ['one trust domain is withdrawn, one is back', 3],
    ]);
    expect(new Set(cases.map(({ name, trustDomains }) => `${name} ${trustDomains}`)).size).toBe(cases.length);
  });

  test('all find what they read', async () => {
    for (const { kind, subject, twin, received } of cases) {
      if (kind === 'update') continue;
      await subject(7);
      await twin(7);
      expect(received).toBeUndefined();
    }
  });

  test('updates are sent, received and taken over, one or several at a time', async () => {
    for (const { kind, subject, twin, received } of cases) {
      if (kind !== 'update') continue;
      for (const count of [1, 2, 50]) {
        const before = pushed;
        await subject(count);
        expect(pushed).toBe(before + count);
        await received?.(count);
        expect(pushed).toBe(before + 2 * count);
        await twin(count);
      }
    }
  });
});

test.each([
  ['discarded', 'it holds no SVID'],
  ['not sent', 'no such agent'],
])('an update that is %s ends the run', async (what, reason) => {
  await using cleanUp = new CleanUp();
  const authority = cleanUp.use(
    await createIdentityAuthority({
      trustDomains: [{ name: 'own.example', federatesWith: ['td-0.example'] }, { name: 'td-0.example' }],
    }),
  );
  const served = await authority.serveWorkloadApi({ id: 'spiffe://own.example/workload' });
  const { address } = served;
  const ask = async (): Promise<void> => {
    if (what === 'not sent') throw new Error('no such agent');
    served.inject({ x509Svids: () => ({ svids: [] }) });
  };
  const addresses = { reader: address, measured: address, bare: address, 'jwt-measured': address, 'jwt-bare': address };
  const [update] = await openUpdateCases({ trustDomains: 1, addresses, ask, cleanUp });
  await expect(update?.subject(1)).rejects.toThrow(reason);
});

test('a read that finds nothing ends the run', async () => {
  const none = (): string | undefined => undefined;
  expect(() => repeatRead(none)(1)).toThrow('nothing to read');
  await expect(repeatAwaited(async () => none())(1)).rejects.toThrow('nothing to read');
  expect(() => inTurns([])()).toThrow(RangeError);
});

test('elements take turns', () => {
  const next = inTurns(['a', 'b']);
  expect([next(), next(), next()]).toEqual(['a', 'b', 'a']);
});
