import { once } from 'node:events';
import type { Describe } from '@dirgate/guard';
import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { eventually } from './test-support/eventually.js';
import { GuardedWorld } from './test-support/guarded-world.js';
import { refsOf } from './test-support/refs-service.js';
import { RefsWorld, serveGrpcJs } from './test-support/refs-world.js';

/** Refuses the record `bad` in responses. */
function filter(world: RefsWorld): RefsWorld {
  world.policy.rule = ({ action, resource }) => action.properties.phase !== 'response' || resource.id !== 'bad';
  return world;
}

/** A `describe` that answers at once, but for one record: about that when the test says so. */
function heldBack(held: string) {
  const open: { release: (() => void) | undefined } = { release: undefined };
  const describeRecord: Describe = ({ id }) =>
    id === held
      ? new Promise((resolve) => {
          open.release = () => resolve({ name: id });
        })
      : { name: id };
  const asked = (): Promise<() => void> =>
    eventually(() => {
      if (open.release === undefined) throw new Error('not asked yet');
      return open.release;
    });
  return { describe: describeRecord, asked };
}

const later: Describe = ({ id }) => new Promise((resolve) => setImmediate(() => resolve({ name: id })));

test('headers, trailers and status go out as always, though every message is left out', async () => {
  const headers = new Metadata();
  headers.set('x-header', 'sent');
  const trailers = new Metadata();
  trailers.set('x-trailer', 'sent');
  const serve = serveGrpcJs(() => ({
    list: (call) => {
      call.sendMetadata(headers);
      for (const cid of call.request.cids) call.write(refsOf(cid));
      call.end(trailers);
    },
  }));
  for (const cids of [['a'], ['bad', 'bad']]) {
    await using world = filter(await RefsWorld.start(serve));
    const call = world.call('server stream', [cids]);
    const { code, trailers: received } = await call.ended;
    expect([code, call.answers]).toEqual([status.OK, cids.filter((cid) => cid !== 'bad').map((cid) => [cid])]);
    expect(call.metadata()?.get('x-header')).toEqual(['sent']);
    expect(received?.get('x-trailer')).toEqual(['sent']);
  }
});

test.each(['unary', 'client stream', 'server stream', 'bidi'] as const)(
  '%s: a policy that judges responses and no requests is asked about them',
  async (shape) => {
    await using world = filter(await RefsWorld.start());
    world.policy.phases = ['call', 'response'];
    world.policy.replace(world.policy.rule);
    for (const cid of ['a', 'bad']) {
      const call = world.call(shape, [[cid]]);
      const { code } = await call.ended;
      const single = shape === 'unary' || shape === 'client stream';
      expect([cid, code, call.answers]).toEqual(
        cid === 'a' ? [cid, status.OK, [['a']]] : [cid, single ? status.PERMISSION_DENIED : status.OK, []],
      );
    }
    expect(world.policy.asked.map(({ action }) => action.properties.phase)).toEqual(['call', 'response', 'call', 'response']);
  },
);

describe('no verdict is no filter: the call ends, and its handler is told', () => {
  const stream = (second: unknown) =>
    serveGrpcJs((world) => ({
      list: async (call) => {
        call.on('cancelled', () => world.log.cancelled.push('server stream'));
        for (const message of [refsOf('a'), second, refsOf('b')]) {
          await new Promise((resolve) => call.write(message as ReturnType<typeof refsOf>, resolve));
        }
        call.end();
      },
    }));
  const many = Array.from({ length: 1001 }, () => 'x');

  test.each([
    ['a message of another type', { $typeName: 'test.v1.Other', cids: ['x'] }, status.PERMISSION_DENIED, 'message_unreadable'],
    ['no message', 7, status.PERMISSION_DENIED, 'message_unreadable'],
    ['too many records', refsOf(...many), status.PERMISSION_DENIED, 'too_many_resources'],
    ['a policy that throws', refsOf('throws'), status.INTERNAL, 'policy_failed'],
    ['describe that rejects', refsOf('rejects'), status.UNAVAILABLE, 'describe_failed'],
    ['describe that never answers', refsOf('silent'), status.UNAVAILABLE, 'describe_failed'],
    ['one of several that is not described', refsOf('bad', 'rejects'), status.UNAVAILABLE, 'describe_failed'],
  ])('%s', async (_name, second, code, failure) => {
    await using world = await RefsWorld.start(stream(second), {
      describe: ({ id }) => {
        if (id === 'rejects') return Promise.reject(new Error('canary'));
        return id === 'silent' ? new Promise(() => undefined) : later({ type: 'record', id });
      },
      describeLimits: { timeoutMs: 50 },
    });
    world.policy.rule = ({ action, resource }) => {
      if (action.properties.phase === 'response' && resource.id === 'throws') throw 'a string, as opa-wasm does';
      return true;
    };
    const call = world.call('server stream', [['q']]);
    const ended = await call.ended;
    expect([ended.code, call.answers]).toEqual([code, [['a']]]);
    expect(world.events.at(-1)).toMatchObject({ step: 'response', allow: false, code: failure });
    expect(ended.details).toContain(world.events.at(-1)?.id);
    expect(ended.details).not.toContain('canary');
    await eventually(() => expect(world.log.cancelled).toEqual(['server stream']));
    expect(world.guard.metrics().filteredResponses).toBe(0);
    expect(world.guard.liveCalls).toBe(0);
  });
});

test.each([
  ['at once', undefined],
  ['after describe', later],
])('a handler is slowed down by what is left out, and holds up nobody else: judged %s', async (_when, describeRecord) => {
  const count = 2000;
  let waiting = 0;
  let written = 0;
  const serve = serveGrpcJs(() => ({
    list: async (call) => {
      for (written = 0; written < count; written += 1) {
        if (!call.write(refsOf('bad'))) await once(call, 'drain');
        waiting = Math.max(waiting, call.writableLength);
      }
      call.write(refsOf('last'));
      call.end();
    },
  }));
  await using world = filter(await RefsWorld.start(serve, describeRecord && { describe: describeRecord }));
  const call = world.call('server stream', [['q']]);
  await eventually(() => expect(written).toBeGreaterThan(0));
  expect((await world.call('unary', [['other']]).ended).code).toBe(status.OK);
  expect(written).toBeLessThan(count); // the other call was answered meanwhile
  expect((await call.ended).code).toBe(status.OK);
  expect(call.answers).toEqual([['last']]);
  expect(waiting).toBeLessThanOrEqual(16); // what an object stream holds by default
  expect(world.guard.metrics().filteredResponses).toBe(count);
  expect(world.events.filter(({ step, allow }) => step === 'response' && !allow)).toHaveLength(count);
});

describe('while a response waits for describe', () => {
  const serve = serveGrpcJs((world) => ({
    list: (call) => {
      call.on('cancelled', () => world.log.cancelled.push('server stream'));
      for (const cid of ['a', 'held', 'b']) call.write(refsOf(cid));
      call.end();
    },
  }));

  test('positive twin: it passes once it was judged, and so does what is behind it', async () => {
    const { describe: describeRecord, asked } = heldBack('held');
    await using world = await RefsWorld.start(serve, { describe: describeRecord });
    const call = world.call('server stream', [['q']]);
    const release = await asked();
    await eventually(() => expect(call.answers).toEqual([['a']]));
    release();
    expect((await call.ended).code).toBe(status.OK);
    expect(call.answers).toEqual([['a'], ['held'], ['b']]);
  });

  test('a revocation ends the call, and the response never goes out', async () => {
    const { describe: describeRecord, asked } = heldBack('held');
    await using world = await RefsWorld.start(serve, { describe: describeRecord });
    const call = world.call('server stream', [['q']]);
    const release = await asked();
    await eventually(() => expect(call.answers).toEqual([['a']]));
    world.authority.unfederate('home.example', 'partner.example');
    expect((await call.ended).code).toBe(status.UNAUTHENTICATED);
    release();
    await eventually(() => expect(world.log.cancelled).toEqual(['server stream']));
    expect([call.answers, world.guard.liveCalls]).toEqual([[['a']], 0]);
  });

  test('a client that cancels leaves nothing behind', async () => {
    const { describe: describeRecord, asked } = heldBack('held');
    await using world = await RefsWorld.start(serve, { describe: describeRecord });
    const call = world.call('server stream', [['q']]);
    const release = await asked();
    await eventually(() => expect(call.answers).toEqual([['a']]));
    call.cancel();
    expect((await call.ended).code).toBe(status.CANCELLED);
    await eventually(() => expect([world.guard.liveCalls, world.log.cancelled]).toEqual([0, ['server stream']]));
    release();
    expect((await world.call('unary', [['other']]).ended).code).toBe(status.OK);
    expect(call.answers).toEqual([['a']]);
  });

  test('a bidi call whose next request is refused: the response passes, the OK becomes the refusal', async () => {
    const { describe: describeRecord, asked } = heldBack('held');
    const answersHeld = serveGrpcJs((world) => ({
      exchange: (call) => {
        call.on('data', () => call.write(refsOf('held')));
        call.on('end', () => {
          world.log.ended.push('bidi');
          call.end();
        });
      },
    }));
    await using world = await RefsWorld.start(answersHeld, { describe: describeRecord });
    world.policy.rule = ({ resource }) => resource.id !== 'bad';
    const call = world.call('bidi', [['a'], ['bad']]);
    const release = await asked();
    await eventually(() => expect(world.log.ended).toEqual(['bidi']));
    release();
    const { code, details } = await call.ended;
    expect([code, call.answers]).toEqual([status.PERMISSION_DENIED, [['held']]]);
    expect(details).toContain(world.events.find(({ step, allow }) => step === 'request' && !allow)?.id);
  });
});

test('a bidi handler that never ends has five seconds after a refused request; its answers until then are filtered', async () => {
  await using world = await RefsWorld.start();
  world.pace = 'endless';
  world.policy.rule = ({ action, resource }) => resource.id !== (action.properties.phase === 'response' ? 'b' : 'bad');
  const call = world.call('bidi', [['a'], ['b'], ['bad'], ['c']]);
  expect((await call.ended).code).toBe(status.PERMISSION_DENIED);
  expect([call.answers, world.log.messages]).toEqual([[['a']], [['a'], ['b']]]);
});

describe('a policy that is replaced', () => {
  const held = serveGrpcJs((world) => ({
    list: async (call) => {
      call.on('cancelled', () => world.log.cancelled.push('server stream'));
      world.log.started.push('server stream');
      for (const cid of call.request.cids) {
        call.write(refsOf(cid));
        world.closeGate();
        await world.turn();
      }
      call.end();
    },
  }));
  const phases = { with: ['call', 'request', 'response'], without: ['call', 'request'] } as const;

  test.each([
    ['begins to ask for responses', 'without', 'with', [['bad'], ['a']]],
    ['ceases to', 'with', 'without', [['a'], ['bad']]],
  ] as const)('on an open stream: it %s', async (_name, before, after, expected) => {
    await using world = filter(await RefsWorld.start(held));
    world.pace = 'slow';
    world.policy.phases = phases[before];
    const requests = before === 'without' ? ['bad', 'bad', 'a'] : ['bad', 'a', 'bad'];
    const call = world.call('server stream', [requests]);
    await eventually(() => expect(world.log.started).toHaveLength(1));
    if (before === 'without') await eventually(() => expect(call.answers).toEqual([['bad']]));
    else await eventually(() => expect(world.guard.metrics().filteredResponses).toBe(1));
    world.policy.phases = phases[after];
    world.policy.replace(world.policy.rule);
    await eventually(() => expect(world.policy.asked.filter(({ action }) => action.properties.phase === 'call')).toHaveLength(2));
    world.pace = 'fast';
    world.openGate();
    expect((await call.ended).code).toBe(status.OK);
    expect(call.answers).toEqual(expected);
  });

  test('a call that was started without showing its messages ends when they are asked for, unanswered', async () => {
    await using world = filter(await RefsWorld.start());
    world.policy.phases = ['call'];
    world.pace = 'slow';
    world.closeGate();
    const calls = [world.call('unary', [['a']]), world.call('server stream', [['a']])] as const;
    await eventually(() => expect([...world.log.started].sort()).toEqual(['server stream', 'unary']));
    world.policy.phases = ['call', 'response'];
    world.policy.replace(world.policy.rule);
    expect((await calls[0].ended).code).toBe(status.INTERNAL);
    expect(world.events.find(({ allow }) => !allow)).toMatchObject({ code: 'guard_failed', reasons: ['messages_unseen'] });
    world.openGate();
    expect((await calls[1].ended).code).toBe(status.OK); // a stream is always seen
    expect(calls.map((call) => call.answers)).toEqual([[], [['a']]]);
  });
});

test('a method without a response rule answers unfiltered, as documented', async () => {
  await using world = await GuardedWorld.start();
  world.policy.phases = ['call', 'request', 'response'];
  world.policy.rule = ({ action }) => action.properties.phase !== 'response';
  expect((await world.client().call('unary')).code).toBe(status.OK);
  expect(world.policy.asked.map(({ action }) => action.properties.phase)).toEqual(['call', 'request']);
});
