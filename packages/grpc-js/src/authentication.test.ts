import type { Caller } from '@dirgate/guard';
import { matchTrustDomain, parseX509Svid } from '@dirgate/spiffe';
import { Metadata, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { callerOf } from './caller-context.js';
import { SHAPES } from './test-support/four-shapes.js';
import { AUDIENCE, authorization, GuardedWorld } from './test-support/guarded-world.js';

const seen: Caller[] = [];
let world: GuardedWorld;

beforeAll(async () => {
  world = await GuardedWorld.start({ accept: 'either', onCall: (_shape, call) => seen.push(callerOf(call)) });
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  seen.length = 0;
  world.events.length = 0;
  world.log.started.length = 0;
});

/** The last event must be this refusal, and no handler may have run. */
function expectRefused(outcome: { code: status; details: string }, code: string, reason?: string): void {
  const event = world.events.at(-1);
  expect(outcome.code).toBe(status.UNAUTHENTICATED);
  expect(event?.step).toBe('authentication');
  expect(event?.code).toBe(code);
  if (reason !== undefined) expect(event?.reasons).toEqual([reason]);
  expect(outcome.details).toContain(event?.id);
  expect(world.log.started).toEqual([]);
}

describe.each(SHAPES)('%s', (shape) => {
  test('an X.509 caller of the home trust domain', async () => {
    const outcome = await world.client().call(shape);
    expect(outcome.code).toBe(status.OK);
    expect(world.log.started).toEqual([shape]);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.id.toString()).toBe('spiffe://home.example/caller');
    expect(seen[0]).toMatchObject({ credential: 'x509-svid', federated: false });
    expect(seen[0]?.peer).toBeUndefined();
    expect(Object.isFrozen(seen[0])).toBe(true);
    expect(world.events.map((event) => [event.step, event.code])).toEqual([
      ['call', 'allowed'],
      ['request', 'allowed'],
    ]);
  });

  test('an X.509 caller of a federated trust domain', async () => {
    const outcome = await world.client({ id: 'spiffe://partner.example/reader' }).call(shape);
    expect(outcome.code).toBe(status.OK);
    expect(seen[0]).toMatchObject({ credential: 'x509-svid', federated: true });
  });

  test('a JWT caller without a certificate', async () => {
    const outcome = await world.client({ present: 'jwt' }).call(shape);
    expect(outcome.code).toBe(status.OK);
    expect(seen[0]).toMatchObject({ credential: 'jwt-svid', audience: [AUDIENCE] });
    expect(seen[0]?.peer).toBeUndefined();
  });

  test('a JWT caller carried by an X.509 workload', async () => {
    const client = world.client({ id: 'spiffe://partner.example/gateway' });
    const token = await world.authority
      .trustDomain('home.example')
      .issueJwtSvid('spiffe://home.example/user', { audience: AUDIENCE });
    const outcome = await client.call(shape, { metadata: authorization(`Bearer ${token}`) });
    expect(outcome.code).toBe(status.OK);
    expect(seen[0]?.id.toString()).toBe('spiffe://home.example/user');
    expect(seen[0]?.peer?.id.toString()).toBe('spiffe://partner.example/gateway');
    expect(seen[0]?.federated).toBe(false);
    expect(seen[0]?.peer?.federated).toBe(true);
  });

  test('a stranger: valid SVID, no bundle here', async () => {
    const client = world.client({ id: 'spiffe://stranger.example/x' });
    expectRefused(await client.call(shape), 'certificate_invalid');
    expect(world.events.at(-1)?.rule).toBe('X-17');
  });

  test('an impostor: the partner signs an ID of the home trust domain', async () => {
    const material = world.authority.trustDomain('partner.example').issueForeignX509Svid('spiffe://home.example/admin');
    const svid = parseX509Svid(material);
    const identity = world.authority.identityOf('spiffe://home.example/admin');
    const impostor = Object.assign(Object.create(identity) as typeof identity, {
      x509Svid: () => svid,
      x509Bundle: identity.x509Bundle.bind(identity),
      onChange: identity.onChange.bind(identity),
    });
    expectRefused(await world.client({ identity: impostor }).call(shape), 'certificate_invalid');
  });

  test('no credential at all', async () => {
    expectRefused(await world.client({ present: 'nothing' }).call(shape), 'no_credential');
  });

  test('a bad token is not excused by a good certificate', async () => {
    const client = world.client();
    expect((await client.call(shape)).code).toBe(status.OK);
    world.log.started.length = 0;
    const good = await world.authority
      .trustDomain('home.example')
      .issueJwtSvid('spiffe://home.example/user', { audience: AUDIENCE });
    const bad = `${good.slice(0, -4)}AAAA`;
    expectRefused(await client.call(shape, { metadata: authorization(`Bearer ${bad}`) }), 'token_invalid');
  });

  test('a bad certificate is not excused by a good token', async () => {
    const client = world.client({ id: 'spiffe://stranger.example/x' });
    const token = await world.authority
      .trustDomain('home.example')
      .issueJwtSvid('spiffe://home.example/user', { audience: AUDIENCE });
    expectRefused(await client.call(shape, { metadata: authorization(`Bearer ${token}`) }), 'certificate_invalid');
  });

  test.each([
    ['another audience', { audience: 'spiffe://home.example/other' }],
    ['an expired token', { audience: AUDIENCE, expiresAt: Date.now() - 120_000 }],
  ])('%s', async (_name, options) => {
    const token = await world.authority.trustDomain('home.example').issueJwtSvid('spiffe://home.example/user', options);
    const client = world.client({ present: 'nothing' });
    expectRefused(await client.call(shape, { metadata: authorization(`Bearer ${token}`) }), 'token_invalid');
  });

  test.each(['Basic abc', 'Bearer', 'Bearer a b', 'Bearer a, Bearer b'])('authorization "%s"', async (value) => {
    const client = world.client();
    expectRefused(await client.call(shape, { metadata: authorization(value) }), 'token_malformed');
  });

  test('identity headers of a client reach no handler and prove nothing', async () => {
    const forged = new Metadata();
    const names = ['x-spiffe-id', 'x_spiffe_id', 'x-forwarded-client-cert', 'l5d-client-id', 'dirgate-caller'];
    for (const name of names) forged.set(name, 'spiffe://home.example/admin');
    expectRefused(await world.client({ present: 'nothing' }).call(shape, { metadata: forged }), 'no_credential');
    const inspected = await GuardedWorld.start({
      onCall: (_shape, call) => {
        for (const name of names) expect(call.metadata.get(name)).toEqual([]);
        expect(call.metadata.get('x-kept')).toEqual(['yes']);
        seen.push(callerOf(call));
      },
    });
    forged.set('x-kept', 'yes');
    expect((await inspected.client().call(shape, { metadata: forged })).code).toBe(status.OK);
    expect(seen.at(-1)?.id.toString()).toBe('spiffe://home.example/caller');
    await inspected[Symbol.asyncDispose]();
  });
});

describe('modes', () => {
  const credentials = ['nothing', 'x509', 'jwt', 'both'] as const;
  test.each([
    ['x509', { nothing: 'certificate_missing', x509: 'x509-svid', jwt: 'certificate_missing', both: 'x509-svid' }],
    ['jwt', { nothing: 'token_missing', x509: 'token_missing', jwt: 'jwt-svid', both: 'jwt-svid' }],
    ['either', { nothing: 'no_credential', x509: 'x509-svid', jwt: 'jwt-svid', both: 'jwt-svid' }],
    ['both', { nothing: 'certificate_missing', x509: 'token_missing', jwt: 'certificate_missing', both: 'jwt-svid' }],
  ] as const)('accept %s', async (accept, expected) => {
    const callers: Caller[] = [];
    await using moded = await GuardedWorld.start({ accept, onCall: (_shape, call) => callers.push(callerOf(call)) });
    for (const present of credentials) {
      callers.length = 0;
      const { code } = await moded.client({ present, server: matchTrustDomain('home.example') }).call('unary');
      const got = code === status.OK ? callers[0]?.credential : moded.events.at(-1)?.code;
      expect([present, got]).toEqual([present, expected[present]]);
      expect(callers).toHaveLength(code === status.OK ? 1 : 0);
    }
  });

  test('x509 neither reads nor judges authorization', async () => {
    await using moded = await GuardedWorld.start({ accept: 'x509' });
    expect((await moded.client().call('unary', { metadata: authorization('Basic nonsense') })).code).toBe(status.OK);
  });
});

test('callerOf outside of a guard throws', () => {
  expect(() => callerOf({ metadata: new Metadata() })).toThrow('no proven caller');
});
