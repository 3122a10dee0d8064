import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { RecordRefSchema } from '@dirgate/directory';
import type { Caller } from '@dirgate/guard';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { callerOf } from './caller-context.js';
import { AUDIENCE, GuardedWorld } from './test-support/guarded-world.js';
import { rawRequest, rawSession, rawTls, sendRawFrames, UNARY_PATH } from './test-support/raw-client.js';

const seen: Caller[] = [];
let world: GuardedWorld;

beforeAll(async () => {
  world = await GuardedWorld.start({ onCall: (_shape, call) => seen.push(callerOf(call)) });
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  seen.length = 0;
  world.events.length = 0;
  world.log.started.length = 0;
  world.policy.asked.length = 0;
});

const callerSvid = () => world.authority.identityOf('spiffe://home.example/caller').x509Svid();

describe('the path is the registered one or none (TG-1, pins grpc-js)', () => {
  test('the registered path', async () => {
    const session = await rawSession(world, callerSvid());
    expect(await rawRequest(session, {})).toMatchObject({ httpStatus: 200, grpcStatus: '0' });
    expect(world.policy.asked.map(({ action }) => action.name)).toEqual([UNARY_PATH, UNARY_PATH]);
    session.destroy();
  });

  test.each([
    ['no slash', UNARY_PATH.slice(1)],
    ['two slashes', `/${UNARY_PATH}`],
    ['two slashes within', UNARY_PATH.replace('Service/', 'Service//')],
    ['an escaped letter', UNARY_PATH.replace('Count', '%43ount')],
    ['an escaped slash', UNARY_PATH.replace('Service/', 'Service%2f')],
    ['a query', `${UNARY_PATH}?x`],
    ['a fragment', `${UNARY_PATH}#x`],
    ['a slash behind', `${UNARY_PATH}/`],
    ['dot segments', UNARY_PATH.replace('/Count', '/./Count')],
    ['lower case', UNARY_PATH.toLowerCase()],
    ['an absolute URI', `https://localhost${UNARY_PATH}`],
    ['a path parameter', `${UNARY_PATH};x`],
  ])('%s', async (_name, path) => {
    const session = await rawSession(world, callerSvid());
    const end = await rawRequest(session, { ':path': path });
    expect(end.grpcStatus === '12' || (end.grpcStatus === undefined && end.rstCode !== 0)).toBe(true);
    expect(world.log.started).toEqual([]);
    expect(world.policy.asked).toEqual([]); // nothing was authorized under any name
    session.destroy();
  });
});

test('what grpc-js answers before any interceptor, to anybody (TG-2)', async () => {
  const session = await rawSession(world);
  expect(await rawRequest(session, {})).toMatchObject({ grpcStatus: '16' });
  world.events.length = 0;
  expect(await rawRequest(session, { ':path': '/no.such.Service/Method' })).toMatchObject({ grpcStatus: '12' });
  expect(await rawRequest(session, { 'content-type': 'application/json' })).toMatchObject({ httpStatus: 415 });
  expect(world.events).toEqual([]);
  session.destroy();
});

describe('a repeated authorization header (TJ-7, pins grpc-js)', () => {
  const headersWith = (...values: string[]) =>
    [
      [':method', 'POST'],
      [':scheme', 'https'],
      [':authority', 'localhost'],
      [':path', UNARY_PATH],
      ['te', 'trailers'],
      ['content-type', 'application/grpc'],
      ...values.map((value) => ['authorization', value] as const),
    ] as const;
  const tokenOf = (name: string) =>
    world.authority.trustDomain('home.example').issueJwtSvid(`spiffe://home.example/${name}`, { audience: AUDIENCE });

  test('the first counts, whichever it is; the second is never seen', async () => {
    const [first, second] = await Promise.all([tokenOf('first'), tokenOf('second')]);
    const send = async (...values: string[]) => sendRawFrames(await rawTls(world), headersWith(...values));
    await send(`Bearer ${first}`, `Bearer ${second}`);
    await vi.waitFor(() => expect(seen.map(({ id }) => id.path)).toEqual(['/first']));
    await send(`Bearer ${second}`, `Bearer ${first}`);
    await vi.waitFor(() => expect(seen.map(({ id }) => id.path)).toEqual(['/first', '/second']));
    world.events.length = 0;
    await send('Bearer not.a.token', `Bearer ${first}`);
    await vi.waitFor(() => expect(world.events).toMatchObject([{ code: 'token_invalid' }]));
    await send(`Bearer ${first}, Bearer ${first}`);
    await vi.waitFor(() => expect(world.events.at(-1)).toMatchObject({ code: 'token_malformed' }));
    expect(seen).toHaveLength(2);
  });
});

test('a refused stream that the client does not end is reset after a second', async () => {
  const session = await rawSession(world);
  const end = await rawRequest(session, {}, false);
  expect(end).toMatchObject({ grpcStatus: '16', rstCode: constants.NGHTTP2_CANCEL });
  expect(end.afterMs).toBeGreaterThanOrEqual(900);
  expect(end.afterMs).toBeLessThan(3000);
  session.destroy();
});

test('streams that are reset as soon as they are opened leave nothing behind', async () => {
  const session = await rawSession(world, callerSvid());
  for (let count = 0; count < 300; count += 1) {
    const stream = session.request({
      ':method': 'POST',
      ':path': UNARY_PATH,
      te: 'trailers',
      'content-type': 'application/grpc',
    });
    stream.on('error', () => undefined).close(constants.NGHTTP2_CANCEL);
  }
  expect(await rawRequest(session, {})).toMatchObject({ grpcStatus: '0' });
  await vi.waitFor(() => expect(world.guard.liveCalls).toBe(0));
  session.destroy();
});

test('messages that come all at once are judged in many turns, in order; behind the refused one nothing passes', async () => {
  const session = await rawSession(world, callerSvid());
  let [inTurn, most] = [0, 0];
  world.policy.rule = ({ resource: { id } }) => {
    if (inTurn === 0) {
      setImmediate(() => {
        inTurn = 0;
      });
    }
    inTurn += 1;
    most = Math.max(most, inTurn);
    for (const until = performance.now() + 0.1; performance.now() < until; ); // as a slow policy: a hundred fill a turn
    return id !== '1500';
  };
  const cids = Array.from({ length: 2000 }, (_, index) => `${index}`);
  const messages = cids.map((cid) => toBinary(RecordRefSchema, create(RecordRefSchema, { cid })));
  const end = await rawRequest(session, { ':path': '/agntcy.dir.store.v1.StoreService/Lookup' }, true, messages);
  expect(end).toMatchObject({ grpcStatus: '7' });
  expect(world.log.messages).toEqual(cids.slice(0, 1500));
  expect(most).toBeLessThanOrEqual(300); // from here two or three turns may look like one
  world.policy.rule = () => true;
  session.destroy();
});

test('a connection that is torn down in the middle of its calls leaves nothing behind', async () => {
  const session = await rawSession(world, callerSvid());
  const open = Array.from({ length: 20 }, () => rawRequest(session, {}, false));
  await vi.waitFor(() => expect(world.guard.liveCalls).toBe(20));
  session.destroy();
  await Promise.all(open);
  await vi.waitFor(() => expect(world.guard.liveCalls).toBe(0));
});

test('a stalled TLS handshake is disconnected, and an honest client is served meanwhile (TX-12)', async () => {
  await using short = await GuardedWorld.start({ server: { handshakeTimeoutMs: 1000 } });
  const [host = '', port] = short.address.split(':');
  const started = Date.now();
  const stalled = Array.from({ length: 50 }, () => connect({ host, port: Number(port) }).on('error', () => undefined));
  const closed = Promise.all(stalled.map((socket) => once(socket.resume(), 'close')));
  expect((await short.client().call('unary')).code).toBe(0);
  await closed;
  expect(Date.now() - started).toBeLessThan(5000);
});
