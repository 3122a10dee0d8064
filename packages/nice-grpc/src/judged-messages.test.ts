import { type ServiceDefinitionOf, serviceDefinition } from '@dirgate/service-definition';
import { status } from '@grpc/grpc-js';
import { type CallContext, createServer, type ServiceImplementation } from 'nice-grpc';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../grpc-js/src/test-support/eventually.js';
import { SHAPES, type Shape } from '../../grpc-js/src/test-support/four-shapes.js';
import { describeJudgedMessages } from '../../grpc-js/src/test-support/judged-messages-table.js';
import { RefsService, refsOf } from '../../grpc-js/src/test-support/refs-service.js';
import { RefsWorld, type ServeRefs } from '../../grpc-js/src/test-support/refs-world.js';
import { type CallerContext, callerMiddleware } from './index.js';

type Handlers = ServiceImplementation<ServiceDefinitionOf<typeof RefsService>, CallerContext>;

/** The handlers of the table, as nice-grpc has them. */
function niceHandlers(world: RefsWorld): Handlers {
  const { log } = world;
  const start = (shape: Shape, { signal }: CallContext): void => {
    log.started.push(shape);
    signal.addEventListener('abort', () => log.cancelled.push(shape));
  };
  const finish = async ({ signal }: CallContext): Promise<void> => {
    await world.turn();
    if (world.pace === 'endless') {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      signal.throwIfAborted();
    }
  };
  return {
    async one({ cids }, context) {
      start('unary', context);
      log.messages.push(cids);
      await finish(context);
      return refsOf(...cids);
    },
    async collect(requests, context) {
      start('client stream', context);
      const all: string[] = [];
      for await (const { cids } of requests) {
        log.messages.push(cids);
        all.push(...cids);
      }
      log.ended.push('client stream');
      await finish(context);
      return refsOf(...all);
    },
    async *list({ cids }, context) {
      start('server stream', context);
      log.messages.push(cids);
      await world.turn();
      for (const cid of cids) yield refsOf(...cid.split('+'));
      await finish(context);
    },
    async *exchange(requests, context) {
      start('bidi', context);
      for await (const { cids } of requests) {
        log.messages.push(cids);
        yield refsOf(...cids);
      }
      log.ended.push('bidi');
      await finish(context);
    },
  };
}

const serveNice =
  (own: (world: RefsWorld) => Partial<Handlers> = () => ({})): ServeRefs =>
  async (world, credentials) => {
    const server = createServer().use(callerMiddleware());
    server.add(serviceDefinition(RefsService), { ...niceHandlers(world), ...own(world) });
    const port = await server.listen('127.0.0.1:0', credentials);
    return [`127.0.0.1:${port}`, () => server.forceShutdown()];
  };

describeJudgedMessages(serveNice(), SHAPES);

describe('a generator behind a filter', () => {
  const after: string[] = [];
  const serve = serveNice((world) => ({
    async *list({ cids }, { signal }) {
      signal.addEventListener('abort', () => world.log.cancelled.push('server stream'));
      try {
        for (const cid of cids) yield refsOf(cid);
        after.push('all');
      } finally {
        after.push('finally');
      }
    },
  }));
  const start = async () => {
    after.length = 0;
    const world = await RefsWorld.start(serve, {
      describe: async ({ id }) => (id === 'broken' ? Promise.reject(new Error('x')) : {}),
    });
    world.policy.rule = ({ action, resource }) => action.properties.phase !== 'response' || resource.id !== 'bad';
    world.policy.phases = ['call', 'response'];
    return world;
  };
  const many = Array.from({ length: 500 }, () => 'bad');

  test('goes on over what is left out, however much', async () => {
    await using world = await start();
    const call = world.call('server stream', [['a', ...many, 'b']]);
    expect((await call.ended).code).toBe(status.OK);
    expect([call.answers, after]).toEqual([
      [['a'], ['b']],
      ['all', 'finally'],
    ]);
    expect(world.guard.metrics().filteredResponses).toBe(many.length);
  });

  test('is aborted, and cleans up, where there is no verdict', async () => {
    await using world = await start();
    const call = world.call('server stream', [['a', 'broken', ...many, 'b']]);
    expect((await call.ended).code).toBe(status.UNAVAILABLE);
    await eventually(() => expect([world.log.cancelled, after]).toEqual([['server stream'], ['finally']]));
    expect(call.answers).toEqual([['a']]);
  });
});
