import { Metadata, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { refsOf } from './test-support/refs-service.js';
import { RefsWorld, serveGrpcJs } from './test-support/refs-world.js';

const SINGLE = ['unary', 'client stream'] as const;

/** Refuses the record `bad` in responses. */
function filter(world: RefsWorld): RefsWorld {
  world.policy.rule = ({ action, resource }) => action.properties.phase !== 'response' || resource.id !== 'bad';
  return world;
}

test.each(SINGLE)('%s: trailers go out with the response, and stay behind with one that was refused', async (shape) => {
  const trailers = new Metadata();
  trailers.set('x-trailer', 'canary');
  const serve = serveGrpcJs(() => ({
    one: (call, callback) => callback(null, refsOf(...call.request.cids), trailers),
    collect: (call, callback) => {
      const cids: string[] = [];
      call.on('data', (message: { cids: string[] }) => cids.push(...message.cids));
      call.on('end', () => callback(null, refsOf(...cids), trailers));
    },
  }));
  await using world = filter(await RefsWorld.start(serve));
  for (const cid of ['a', 'bad']) {
    const call = world.call(shape, [[cid]]);
    const { code, trailers: received } = await call.ended;
    expect([code, call.answers, received?.get('x-trailer')]).toEqual(
      cid === 'a' ? [status.OK, [['a']], ['canary']] : [status.PERMISSION_DENIED, [], []],
    );
  }
});

test('a handler that answers once more after a refusal reaches nobody', async () => {
  const answers: string[][] = [];
  const serve = serveGrpcJs(() => ({
    one: (_call, callback) => {
      for (const cids of answers) callback(null, refsOf(...cids));
    },
  }));
  await using world = filter(await RefsWorld.start(serve));
  for (const [first, code, expected] of [
    ['a', status.OK, [['a']]],
    ['bad', status.PERMISSION_DENIED, []],
  ] as const) {
    answers.splice(0, 2, [first], ...(first === 'bad' ? [['a']] : []));
    const call = world.call('unary', [['q']]);
    expect([(await call.ended).code, call.answers]).toEqual([code, expected]);
  }
});
