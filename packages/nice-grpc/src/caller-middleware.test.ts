import type { Caller } from '@dirgate/guard';
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { CallContext, ServerMiddlewareCall } from 'nice-grpc';
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { SHAPES, ShapesClient } from '../../grpc-js/src/test-support/four-shapes.js';
import { type CallerContext, callerMiddleware } from './index.js';
import { NiceWorld, SERVER_ID, shortCaller } from './test-support/nice-world.js';

const USER = 'spiffe://home.example/user';
const GATEWAY = 'spiffe://partner.example/gateway';
const seen: Caller[] = [];
let world: NiceWorld;

beforeAll(async () => {
  world = await NiceWorld.start({ onCall: (_shape, { caller }) => seen.push(caller) });
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  seen.length = 0;
  world.events.length = 0;
  world.log.started.length = 0;
  world.log.middleware = 0;
});

const tokenOf = (id: string) => world.authority.trustDomain('home.example').issueJwtSvid(id, { audience: SERVER_ID });
const bearer = (token: string): { metadata: Metadata } => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return { metadata };
};

/** No handler ran, and no middleware either. */
function expectRefused(outcome: { code: status }, code: string): void {
  expect(outcome.code).toBe(status.UNAUTHENTICATED);
  expect(world.events.at(-1)).toMatchObject({ step: 'authentication', code });
  expect([world.log.started, world.log.middleware]).toEqual([[], 0]);
}

describe.each(SHAPES)('%s', (shape) => {
  test.each([
    ['an X.509 workload', { id: USER, credential: 'x509-svid', federated: false, peer: undefined }, { id: USER }],
    ['a federated one', { id: GATEWAY, credential: 'x509-svid', federated: true, peer: undefined }, { id: GATEWAY }],
    ['a token holder', { id: USER, credential: 'jwt-svid', federated: false, peer: undefined }, { id: USER, present: 'jwt' }],
    ['one with both', { id: USER, credential: 'jwt-svid', federated: false, peer: USER }, { id: USER, present: 'both' }],
  ] as const)('%s is context.caller', async (_name, expected, options) => {
    expect((await world.client(options).call(shape)).code).toBe(status.OK);
    expect(seen.map(shortCaller)).toEqual([expected]);
    expect(Object.isFrozen(seen[0])).toBe(true);
    expect([world.log.started, world.log.middleware]).toEqual([[shape], 1]);
  });

  test('a token carried by another workload', async () => {
    expect((await world.client({ id: GATEWAY }).call(shape, bearer(await tokenOf(USER)))).code).toBe(status.OK);
    expect(seen.map(shortCaller)).toEqual([{ id: USER, credential: 'jwt-svid', federated: false, peer: GATEWAY }]);
  });

  test('nobody, and a stranger', async () => {
    expectRefused(await world.client({ present: 'nothing' }).call(shape), 'no_credential');
    expectRefused(await world.client({ id: 'spiffe://stranger.example/x' }).call(shape), 'certificate_invalid');
  });

  test('a bad credential is not excused by a good one', async () => {
    const good = await tokenOf(USER);
    expectRefused(await world.client().call(shape, bearer(`${good.slice(0, -4)}AAAA`)), 'token_invalid');
    expectRefused(await world.client({ id: 'spiffe://stranger.example/x' }).call(shape, bearer(good)), 'certificate_invalid');
  });

  test('what the policy refuses runs neither handler nor middleware', async () => {
    await using strict = await NiceWorld.start();
    const client = strict.client();
    expect((await client.call(shape)).code).toBe(status.OK);
    strict.log.started.length = 0;
    strict.log.middleware = 0;
    strict.policy.rule = () => false;
    expect((await client.call(shape)).code).toBe(status.PERMISSION_DENIED);
    expect([strict.log.started, strict.log.middleware]).toEqual([[], 0]);
  });

  test('on a listener without the guard the middleware ends the call', async () => {
    await using unguarded = await NiceWorld.start({ unguarded: true });
    const client = unguarded.keep(new ShapesClient(unguarded.address, credentials.createInsecure()));
    expect(await client.call(shape)).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: 'no proven caller: listen with createServerCredentials(guard)',
    });
    expect(unguarded.log.started).toEqual([]);
  });
});

describe('per message', () => {
  const refuseBad = (of: NiceWorld): void => {
    of.policy.rule = ({ resource }) => resource.id !== 'bad';
  };

  test('bidi: what was allowed is answered, the rest never arrives, the call ends PERMISSION_DENIED', async () => {
    await using strict = await NiceWorld.start();
    refuseBad(strict);
    const client = strict.client();
    expect(await client.call('bidi', { cids: ['a', 'b'] })).toMatchObject({ code: status.OK, answers: 2 });
    strict.log.messages.length = 0;
    expect(await client.call('bidi', { cids: ['a', 'bad', 'b'] })).toMatchObject({ code: status.PERMISSION_DENIED, answers: 1 });
    expect(strict.log.messages).toEqual(['a']);
  });

  test('client stream: the handler never sees the end', async () => {
    await using strict = await NiceWorld.start();
    refuseBad(strict);
    const client = strict.client();
    expect((await client.call('client stream', { cids: ['a', 'b'] })).code).toBe(status.OK);
    expect(strict.log.ended).toEqual(['client stream']);
    strict.log.ended.length = 0;
    strict.log.messages.length = 0;
    expect((await client.call('client stream', { cids: ['a', 'bad'] })).code).toBe(status.PERMISSION_DENIED);
    await vi.waitFor(() => expect(strict.log.aborted).toContain('client stream'));
    expect((await client.call('client stream', { cids: ['c'] })).code).toBe(status.OK); // whatever was to come has come
    expect(strict.log.ended).toEqual(['client stream']); // of the last call
    expect(strict.log.messages).not.toContain('bad');
  });
});

test('revocation ends open streams and tells their handlers; others go on', async () => {
  await using live = await NiceWorld.start();
  const open = (id: string) => {
    const client = live.client({ id });
    const keepOpen = new Metadata();
    keepOpen.set('test-keep-open', '1');
    const calls = [client.store.lookup(), client.search.searchCIDs({}, keepOpen)] as const;
    calls[0].write({ cid: 'first' });
    const ends = calls.map(
      (call) => new Promise<status>((resolve) => call.on('error', (error: ServiceError) => resolve(error.code))),
    );
    const answered = calls.map((call) => new Promise((resolve) => call.once('data', resolve)));
    return { calls, answered: Promise.all(answered), ends: Promise.all(ends) };
  };
  const partner = open(GATEWAY);
  const home = open(USER);
  await Promise.all([partner.answered, home.answered]);
  live.authority.unfederate('home.example', 'partner.example');
  expect(await partner.ends).toEqual([status.UNAUTHENTICATED, status.UNAUTHENTICATED]);
  await vi.waitFor(() => expect([...live.log.aborted].sort()).toEqual(['bidi', 'server stream']));
  const answer = new Promise<{ cid: string }>((resolve) => home.calls[0].once('data', resolve));
  home.calls[0].write({ cid: 'another' });
  expect((await answer).cid).toBe('another');
  expect(live.guard.liveCalls).toBe(2);
  for (const call of home.calls) call.cancel();
});

test('a bidi handler that is cut off does not see a complete stream either', async () => {
  await using live = await NiceWorld.start();
  const call = live.client({ id: GATEWAY }).store.lookup();
  const ended = new Promise<status>((resolve) => call.on('error', (error: ServiceError) => resolve(error.code)));
  const answered = new Promise((resolve) => call.once('data', resolve));
  call.write({ cid: 'first' });
  await answered;
  live.authority.unfederate('home.example', 'partner.example');
  expect(await ended).toBe(status.UNAUTHENTICATED);
  await vi.waitFor(() => expect(live.log.aborted).toEqual(['bidi']));
  expect(await live.client({ id: USER }).call('bidi')).toMatchObject({ code: status.OK, answers: 1 });
  expect(live.log.ended).toEqual(['bidi']); // of the call that was complete
});

test('two hundred interleaved calls: each handler sees its own caller (TG-9)', async () => {
  const wrong: string[] = [];
  await using busy = await NiceWorld.start({
    onCall: (_shape, { caller, metadata }) => {
      if (metadata.get('test-expected') !== caller.id.toString()) wrong.push(caller.id.toString());
    },
  });
  const carrier = busy.client({ id: GATEWAY });
  const users = ['spiffe://home.example/user-1', 'spiffe://home.example/user-2'];
  const tokens = await Promise.all(
    users.map((id) => busy.authority.trustDomain('home.example').issueJwtSvid(id, { audience: SERVER_ID })),
  );
  const workloads = [USER, GATEWAY];
  const clients = workloads.map((id) => busy.client({ id }));
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, (_, index) => {
      const who = Math.floor(index / 4) % 4;
      const metadata = who < 2 ? new Metadata() : bearer(tokens[who - 2] ?? '').metadata;
      metadata.set('test-expected', [...workloads, ...users][who] ?? '');
      return (clients[who] ?? carrier).call(SHAPES[index % 4] ?? 'unary', { metadata });
    }),
  );
  expect(outcomes.map(({ code }) => code)).toEqual(outcomes.map(() => status.OK));
  expect(busy.log.started).toHaveLength(200);
  expect(wrong).toEqual([]);
});

test('types: the caller is in the context behind the middleware, and nowhere else', () => {
  const middleware = callerMiddleware();
  type Next = Parameters<
    Parameters<typeof middleware>[0] extends ServerMiddlewareCall<infer _Q, infer _R, infer Ext>
      ? (context: CallContext & Ext) => void
      : never
  >[0];
  expectTypeOf<Next['caller']>().toEqualTypeOf<Caller>();
  expectTypeOf<CallerContext>().toEqualTypeOf<{ readonly caller: Caller }>();
  expectTypeOf<CallContext>().not.toHaveProperty('caller');
});
