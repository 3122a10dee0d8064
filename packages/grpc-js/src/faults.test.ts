import type { DecisionSink, Guard } from '@dirgate/guard';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createGuardInterceptor } from './guard-interceptor.js';
import { callerOf } from './index.js';
import { SHAPES } from './test-support/four-shapes.js';
import { AUDIENCE, authorization, GuardedWorld } from './test-support/guarded-world.js';

// vitest fails the run for an uncaught exception or an unhandled rejection; these say which test it was.
const crashes: unknown[] = [];
const crashed = (error: unknown): number => crashes.push(error);
beforeEach(() => {
  crashes.length = 0;
  process.on('uncaughtException', crashed).on('unhandledRejection', crashed);
});
afterEach(() => {
  process.off('uncaughtException', crashed).off('unhandledRejection', crashed);
});

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

test.each<[string, DecisionSink]>([
  [
    'throws',
    () => {
      throw new Error('canary');
    },
  ],
  ['rejects', async () => Promise.reject(new Error('canary'))],
])('onDecision that %s changes no verdict and ends nothing', async (_name, onDecision) => {
  await using world = await GuardedWorld.start({ onDecision });
  const client = world.client();
  for (const shape of SHAPES) expect((await client.call(shape)).code).toBe(status.OK);
  for (const shape of SHAPES) expect((await world.client({ present: 'nothing' }).call(shape)).code).toBe(status.UNAUTHENTICATED);
  await settled();
  expect(crashes).toEqual([]);
});

test.each(SHAPES)('a handler that throws is answered by grpc-js, and the next call works: %s', async (shape) => {
  let broken = true;
  await using world = await GuardedWorld.start({
    onCall: () => {
      if (broken) throw new Error('canary');
    },
  });
  const client = world.client();
  const outcome = await client.call(shape);
  expect(outcome.code).toBe(status.UNKNOWN);
  expect(outcome.details).not.toContain('canary');
  broken = false;
  expect((await client.call(shape)).code).toBe(status.OK);
  await vi.waitFor(() => expect(world.guard.liveCalls).toBe(0));
  expect(crashes).toEqual([]);
});

test.each(['x509Svid', 'x509Bundle', 'jwtBundle'] as const)(
  'an identity source whose %s throws refuses, in every shape',
  async (member) => {
    await using world = await GuardedWorld.start();
    const client = world.client({ present: 'jwt' });
    const certified = world.client();
    expect((await client.call('unary')).code).toBe(status.OK);
    expect((await certified.call('unary')).code).toBe(status.OK);
    world.log.started.length = 0;
    const broken = vi.spyOn(world.identity, member).mockImplementation(() => {
      throw new Error('canary');
    });
    for (const shape of SHAPES) {
      const outcomes = await Promise.all([client.call(shape), certified.call(shape)]);
      const refused = outcomes.filter(({ code }) => code !== status.OK);
      expect(refused.length).toBeGreaterThan(0);
      for (const { details } of refused) expect(details).not.toContain('canary');
    }
    expect(JSON.stringify(world.events)).not.toContain('canary');
    broken.mockRestore();
    await vi.waitFor(async () => expect((await world.client().call('unary')).code).toBe(status.OK));
    expect(crashes).toEqual([]);
  },
);

test('a guard that throws refuses the call', async () => {
  await using world = await GuardedWorld.start();
  const broken: Guard = {
    ...world.guard,
    liveCalls: 0,
    connect: () => {
      throw new Error('canary');
    },
  };
  world.interceptors.splice(0, 1, createGuardInterceptor(broken));
  for (const shape of SHAPES) {
    const outcome = await world.client().call(shape);
    expect(outcome.code).toBe(status.INTERNAL);
    expect(outcome.details).not.toContain('canary');
  }
  expect(world.log.started).toEqual([]);
  expect(crashes).toEqual([]);
});

test('a client that cancels while describe is waited for, which then fails', async () => {
  let fail = (_error: Error): void => undefined;
  await using world = await GuardedWorld.start({
    describe: () =>
      new Promise((_resolve, reject) => {
        fail = reject;
      }),
  });
  const call = world.client().store.lookup();
  const ended = new Promise((resolve) => call.on('error', resolve));
  call.write({ cid: 'a' });
  await vi.waitFor(() => expect(world.policy.asked).toHaveLength(1));
  call.cancel();
  await ended;
  fail(new Error('canary'));
  await vi.waitFor(() => expect(world.guard.liveCalls).toBe(0));
  await settled();
  expect(world.log.messages).toEqual([]);
  expect(crashes).toEqual([]);
});

test('a guard that is closed ends open calls and refuses new ones', async () => {
  await using world = await GuardedWorld.start();
  const client = world.client();
  const call = client.store.lookup();
  const ended = new Promise<{ code: status }>((resolve) =>
    call.on('error', (error) => resolve(error as unknown as { code: status })),
  );
  const answered = new Promise((resolve) => call.once('data', resolve));
  call.write({ cid: 'a' });
  await answered;
  world.guard.close();
  expect((await ended).code).toBe(status.INTERNAL);
  expect((await client.call('unary')).code).toBe(status.INTERNAL);
});

describe('interleaved identities (TG-9)', () => {
  test('two hundred calls by two workloads and two token holders: each handler sees its own caller', async () => {
    const wrong: string[] = [];
    let seen = 0;
    await using world = await GuardedWorld.start({
      onCall: (_shape, call) => {
        seen += 1;
        const id = callerOf(call).id.toString();
        if (String(call.metadata.get('test-expected')[0]) !== id) wrong.push(id);
        setImmediate(() => {
          if (callerOf(call).id.toString() !== id) wrong.push(`later ${id}`);
        });
      },
    });
    const ids = ['spiffe://home.example/a', 'spiffe://partner.example/b'] as const;
    const clients = ids.map((id) => world.client({ id }));
    const carrier = world.client({ id: 'spiffe://partner.example/carrier' });
    const users = ['spiffe://home.example/user-1', 'spiffe://home.example/user-2'];
    const tokens = await Promise.all(
      users.map((id) => world.authority.trustDomain('home.example').issueJwtSvid(id, { audience: AUDIENCE })),
    );
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const shape = SHAPES[index % 4] ?? 'unary';
        const who = Math.floor(index / 4) % 4;
        const metadata = who < 2 ? authorization('') : authorization(`Bearer ${tokens[who - 2]}`);
        if (who < 2) metadata.remove('authorization');
        metadata.set('test-expected', who < 2 ? (ids[who] ?? '') : (users[who - 2] ?? ''));
        return (who < 2 ? clients[who] : carrier)?.call(shape, { metadata });
      }),
    );
    expect(outcomes.map((outcome) => outcome?.code)).toEqual(outcomes.map(() => status.OK));
    expect(seen).toBe(200);
    await settled();
    expect(wrong).toEqual([]);
  });
});
