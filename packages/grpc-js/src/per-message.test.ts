import { directoryCatalogue } from '@dirgate/directory';
import type { Describe } from '@dirgate/guard';
import { status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import { SHAPES } from './test-support/four-shapes.js';
import { GuardedWorld } from './test-support/guarded-world.js';

const names = new Map([
  ['good', 'home.example/public'],
  ['also-good', 'home.example/public'],
  ['bad', 'home.example/secret'],
]);

const describers: Readonly<Record<string, Describe>> = {
  'at once': ({ id }) => ({ name: names.get(id) ?? '' }),
  'with a promise': async ({ id }) => ({ name: names.get(id) ?? '' }),
};

/** Allows everything but records with the secret name. */
function refuseSecrets(world: GuardedWorld): void {
  world.policy.rule = ({ action, resource }) =>
    action.properties.phase === 'call' || resource.properties['name'] !== 'home.example/secret';
}

test.each(SHAPES)('a call that the policy refuses outright runs no handler: %s', async (shape) => {
  await using world = await GuardedWorld.start();
  const client = world.client();
  expect((await client.call(shape)).code).toBe(status.OK);
  expect(world.log.started).toEqual([shape]);
  world.log.started.length = 0;
  world.policy.rule = () => false;
  const outcome = await client.call(shape);
  expect(outcome.code).toBe(status.PERMISSION_DENIED);
  expect(outcome.details).toBe(`refused by policy (decision ${world.events.at(-1)?.id})`);
  expect(world.events.at(-1)).toMatchObject({ step: 'call', code: 'policy_denied', reasons: ['scripted_deny'], allow: false });
  expect(world.log.started).toEqual([]);
});

test.each(['unary', 'server stream'] as const)('a refused request message runs no handler: %s', async (shape) => {
  await using world = await GuardedWorld.start();
  const client = world.client();
  expect((await client.call(shape)).code).toBe(status.OK);
  world.log.started.length = 0;
  world.policy.rule = ({ action }) => action.properties.phase === 'call';
  expect((await client.call(shape)).code).toBe(status.PERMISSION_DENIED);
  expect(world.events.at(-1)).toMatchObject({ step: 'request', code: 'policy_denied' });
  expect(world.log.started).toEqual([]);
});

describe.each(Object.entries(describers))('described %s', (_name, describeResource) => {
  test('bidi: what was allowed is answered, the refused message and those behind it never arrive', async () => {
    await using world = await GuardedWorld.start({ describe: describeResource });
    refuseSecrets(world);
    const client = world.client();
    expect(await client.call('bidi', { cids: ['good', 'also-good'] })).toMatchObject({ code: status.OK, answers: 2 });
    world.log.messages.length = 0;
    const outcome = await client.call('bidi', { cids: ['good', 'bad', 'also-good'] });
    expect(outcome).toMatchObject({ code: status.PERMISSION_DENIED, answers: 1 });
    expect(world.log.messages).toEqual(['good']);
    expect(world.events.at(-1)).toMatchObject({ step: 'request', resource: { type: 'record', id: 'bad' } });
  });

  test('client stream: the handler never sees an end', async () => {
    await using world = await GuardedWorld.start({ describe: describeResource });
    refuseSecrets(world);
    const client = world.client();
    expect((await client.call('client stream', { cids: ['good', 'also-good'] })).code).toBe(status.OK);
    expect(world.log.ended).toEqual(['client stream']);
    world.log.ended.length = 0;
    world.log.messages.length = 0;
    world.log.cancelled.length = 0;
    expect((await client.call('client stream', { cids: ['good', 'bad'] })).code).toBe(status.PERMISSION_DENIED);
    await vi.waitFor(() => expect(world.log.cancelled).toEqual(['client stream']));
    expect(world.log.messages).not.toContain('bad');
    expect(world.log.ended).toEqual([]);
  });
});

describe('the catalogue may say otherwise', () => {
  const withRule = (method: string, refusedMessage: 'half-close' | 'cancel') => {
    const path = `/agntcy.dir.store.v1.StoreService/${method}`;
    const rule = directoryCatalogue.get(path);
    if (rule === undefined) throw new Error(`the catalogue lacks ${path}`);
    return new Map([...directoryCatalogue, [path, { ...rule, refusedMessage }]]);
  };

  test('bidi: cancelled at once', async () => {
    await using world = await GuardedWorld.start({
      describe: ({ id }) => ({ name: names.get(id) ?? '' }),
      catalogue: withRule('Lookup', 'cancel'),
    });
    refuseSecrets(world);
    expect((await world.client().call('bidi', { cids: ['bad'] })).code).toBe(status.PERMISSION_DENIED);
    await vi.waitFor(() => expect(world.log.cancelled).toEqual(['bidi']));
    expect(world.log.ended).toEqual([]);
  });

  test('client stream: the handler sees the end, its OK becomes the refusal', async () => {
    await using world = await GuardedWorld.start({
      describe: ({ id }) => ({ name: names.get(id) ?? '' }),
      catalogue: withRule('Delete', 'half-close'),
    });
    refuseSecrets(world);
    const outcome = await world.client().call('client stream', { cids: ['good', 'bad'] });
    expect(outcome.code).toBe(status.PERMISSION_DENIED);
    expect(world.log.messages).toEqual(['good']);
    expect(world.log.ended).toEqual(['client stream']);
  });
});

describe('describe', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('canary');
      },
      'describe_threw',
    ],
    ['rejects', () => Promise.reject(new Error('canary')), 'describe_threw'],
    ['never settles', () => new Promise<undefined>(() => undefined), 'describe_timed_out'],
  ] satisfies [string, Describe, string][])(
    '%s: denied, the handler does not run on it',
    async (_name, describeResource, reason) => {
      await using world = await GuardedWorld.start({ describe: describeResource, describeLimits: { timeoutMs: 50 } });
      const outcome = await world.client().call('bidi', { cids: ['good'] });
      expect(outcome.code).toBe(status.UNAVAILABLE);
      expect(outcome.details).not.toContain('canary');
      expect(world.events.at(-1)).toMatchObject({ code: 'describe_failed', reasons: [reason] });
      expect(world.log.messages).toEqual([]);
    },
  );

  test('what the message itself says wins, and a record that is not known has no properties', async () => {
    await using world = await GuardedWorld.start({ describe: () => undefined });
    await world.client().call('bidi', { cids: ['unknown'] });
    expect(world.policy.asked.at(-1)?.resource).toEqual({ type: 'record', id: 'unknown', properties: {} });
  });
});

test('no policy: UNAVAILABLE, no handler', async () => {
  await using world = await GuardedWorld.start({ policy: { current: () => undefined, onChange: () => () => undefined } });
  expect((await world.client().call('unary')).code).toBe(status.UNAVAILABLE);
  expect(world.events.at(-1)).toMatchObject({ code: 'policy_missing' });
  expect(world.log.started).toEqual([]);
});

test.each(SHAPES)('a policy that throws denies, and the process lives: %s', async (shape) => {
  await using world = await GuardedWorld.start();
  const client = world.client();
  world.policy.rule = () => {
    throw 'a string, as opa-wasm does';
  };
  const outcome = await client.call(shape);
  expect(outcome.code).toBe(status.INTERNAL);
  expect(outcome.details).not.toContain('string');
  expect(world.events.at(-1)).toMatchObject({ code: 'policy_failed' });
  expect(world.log.started).toEqual([]);
  world.policy.rule = () => true;
  expect((await client.call(shape)).code).toBe(status.OK);
});

test.each(SHAPES)('a method that the catalogue lacks is refused: %s', async (shape) => {
  await using world = await GuardedWorld.start({
    catalogue: new Map([['/other.Service/Method', { class: 'read', phases: ['call'] }]]),
  });
  expect((await world.client().call(shape)).code).toBe(status.PERMISSION_DENIED);
  expect(world.events.at(-1)).toMatchObject({ code: 'method_unknown', subject: 'spiffe://home.example/caller' });
  expect(world.log.started).toEqual([]);
});

test.each(SHAPES)('a policy that reads no message is asked once: %s', async (shape) => {
  await using world = await GuardedWorld.start();
  world.policy.phases = ['call'];
  expect((await world.client().call(shape)).code).toBe(status.OK);
  expect(world.policy.asked.map((input) => input.action.properties.phase)).toEqual(['call']);
});
