import { Metadata, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { SHAPES } from './test-support/four-shapes.js';
import { GuardedWorld } from './test-support/guarded-world.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test.each(SHAPES)('the trace of a call is in all of its events, refused or not: %s', async (shape) => {
  await using world = await GuardedWorld.start();
  const metadata = new Metadata();
  metadata.set('traceparent', `00-${traceId}-${spanId}-01`);
  expect((await world.client().call(shape, { metadata })).code).toBe(status.OK);
  const allowed = world.events.length;
  expect((await world.client({ present: 'nothing' }).call(shape, { metadata })).code).toBe(status.UNAUTHENTICATED);
  expect(world.events.length).toBe(allowed + 1);
  for (const event of world.events) expect(event).toMatchObject({ traceId, spanId });
  expect((await world.client().call(shape)).code).toBe(status.OK);
  expect(world.events.at(-1)).toMatchObject({ traceId: undefined, spanId: undefined });
});
