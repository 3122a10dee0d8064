import { describe, expect, test, vi } from 'vitest';
import { TestedGuard } from '../test-support/tested-guard.js';
import type { AcceptMode } from './authenticator.js';

type Presented = 'absent' | 'bad' | 'good';
const WORKLOAD = 'spiffe://partner.example/gateway';
const USER = 'spiffe://home.example/user';

/** What each mode makes of certificate × token (TJ-8). */
const expected: Readonly<Record<AcceptMode, Readonly<Record<Presented, Readonly<Record<Presented, string>>>>>> = {
  x509: {
    absent: { absent: 'certificate_missing', bad: 'certificate_missing', good: 'certificate_missing' },
    bad: { absent: 'certificate_invalid', bad: 'certificate_invalid', good: 'certificate_invalid' },
    good: { absent: 'x509-svid', bad: 'x509-svid', good: 'x509-svid' },
  },
  jwt: {
    absent: { absent: 'token_missing', bad: 'token_invalid', good: 'jwt-svid' },
    bad: { absent: 'token_missing', bad: 'token_invalid', good: 'jwt-svid' },
    good: { absent: 'token_missing', bad: 'token_invalid', good: 'jwt-svid' },
  },
  either: {
    absent: { absent: 'no_credential', bad: 'token_invalid', good: 'jwt-svid' },
    bad: { absent: 'certificate_invalid', bad: 'certificate_invalid', good: 'certificate_invalid' },
    good: { absent: 'x509-svid', bad: 'token_invalid', good: 'jwt-svid with peer' },
  },
  both: {
    absent: { absent: 'certificate_missing', bad: 'certificate_missing', good: 'certificate_missing' },
    bad: { absent: 'certificate_invalid', bad: 'certificate_invalid', good: 'certificate_invalid' },
    good: { absent: 'token_missing', bad: 'token_invalid', good: 'jwt-svid with peer' },
  },
};

describe.each(['x509', 'jwt', 'either', 'both'] as const)('accept %s', (accept) => {
  test('certificate and token, each absent, bad, good', async () => {
    const tested = await TestedGuard.start({ accept });
    const certificates = { absent: undefined, bad: 'spiffe://stranger.example/x', good: WORKLOAD };
    const good = await tested.tokenOf(USER);
    const tokens = { absent: undefined, bad: `${good.slice(0, -4)}AAAA`, good };
    const got: Record<string, Record<string, string>> = {};
    for (const certificate of ['absent', 'bad', 'good'] as const) {
      const row: Record<string, string> = {};
      for (const presented of ['absent', 'bad', 'good'] as const) {
        const token = tokens[presented];
        const admission = tested.admit(tested.connect(certificates[certificate]), token === undefined ? {} : { token });
        if (admission.kind === 'refused') {
          row[presented] = admission.refusal.code;
          continue;
        }
        const { caller } = admission.call;
        row[presented] = caller.peer ? `${caller.credential} with peer` : caller.credential;
        expect(caller.id.toString()).toBe(caller.credential === 'x509-svid' ? WORKLOAD : USER);
      }
      got[certificate] = row;
    }
    expect(got).toEqual(expected[accept]);
  });

  test('a resumed session is nobody, with whatever credentials', async () => {
    const tested = await TestedGuard.start({ accept });
    const token = await tested.tokenOf(USER);
    expect(tested.verdict(tested.connect(WORKLOAD), { token })).toBe('allowed');
    expect(tested.verdict(tested.connect(WORKLOAD, { resumed: true }), { token })).toBe('session_resumed');
  });
});

test('the caller of a token carried by a workload', async () => {
  const tested = await TestedGuard.start();
  const { caller } = tested.admitted(tested.connect(WORKLOAD), { token: await tested.tokenOf(USER, { ttlMs: 60_000 }) });
  expect(caller).toMatchObject({ credential: 'jwt-svid', federated: false, audience: ['spiffe://home.example/server'] });
  expect(caller.peer).toMatchObject({ federated: true });
  expect(caller.peer?.id.toString()).toBe(WORKLOAD);
  expect(caller.validUntil).toBe(tested.now + 10_000); // the earlier of the two
  expect(Object.isFrozen(caller)).toBe(true);
  expect(Object.isFrozen(caller.peer)).toBe(true);
  expect(tested.policy.asked[0]?.subject).toMatchObject({
    id: USER,
    properties: { path: ['user'], peer: { id: WORKLOAD, trust_domain: 'partner.example', path: ['gateway'], federated: true } },
  });
});

test('one connection, many callers: each call is its own token’s', async () => {
  const tested = await TestedGuard.start();
  const connection = tested.connect(WORKLOAD);
  const tokens = await Promise.all(['a', 'b'].map((name) => tested.tokenOf(`spiffe://home.example/${name}`)));
  for (const token of [...tokens, ...tokens]) {
    const name = token === tokens[0] ? 'a' : 'b';
    expect(tested.admitted(connection, { token }).caller.id.toString()).toBe(`spiffe://home.example/${name}`);
  }
  const other = tested.connect();
  expect(tested.admitted(other, { token: tokens[0] ?? '' }).caller.peer).toBeUndefined(); // not the peer that carried it before
});

describe('after a call without any credential', () => {
  const FOREVER = Number.POSITIVE_INFINITY;

  test('the peer is asked to dial anew within seconds: it may have come before it had a certificate', async () => {
    const tested = await TestedGuard.start();
    const connection = tested.connect(undefined, {}, () => undefined);
    expect(tested.verdict(connection)).toBe('no_credential');
    expect(connection.dueAt).toBe(tested.now + 1000);
    expect(tested.verdict(connection, { token: 'a.b.c' })).toBe('token_invalid'); // proves nothing of the connection
    expect(connection.dueAt).toBe(tested.now + 1000);
  });

  test('not while others bring tokens on the same connection, whoever came first', async () => {
    const tested = await TestedGuard.start();
    const token = await tested.tokenOf(USER);
    for (const order of ['anonymous first', 'token first']) {
      const askToRenew = vi.fn();
      const connection = tested.connect(undefined, {}, askToRenew);
      if (order === 'anonymous first') expect(tested.verdict(connection)).toBe('no_credential');
      expect(tested.verdict(connection, { token })).toBe('allowed');
      expect(tested.verdict(connection)).toBe('no_credential');
      expect(connection.dueAt).toBe(FOREVER);
      connection.check(tested.now + 2000);
      expect(askToRenew).not.toHaveBeenCalled();
      expect(tested.verdict(connection, { token })).toBe('allowed');
    }
  });

  test('a token says nothing of a certificate that came with it: once that is refused, the peer is asked', async () => {
    const tested = await TestedGuard.start();
    const connection = tested.connect(WORKLOAD, {}, () => undefined);
    const token = await tested.tokenOf(USER);
    expect(tested.verdict(connection, { token })).toBe('allowed');
    tested.authority.unfederate('home.example', 'partner.example');
    expect(tested.verdict(connection, { token })).toBe('trust_withdrawn');
    expect(connection.dueAt).toBe(tested.now + 1000);
  });
});

test('a refusal for what a call brings says nothing of its connection: nobody is asked to dial anew for it', async () => {
  const tested = await TestedGuard.start();
  const connection = tested.connect(WORKLOAD, {}, () => undefined);
  expect(tested.verdict(connection)).toBe('allowed');
  const before = connection.dueAt;
  for (const token of ['a.b.c', 'two words', await tested.tokenOf(USER, { audience: 'spiffe://home.example/other' })]) {
    expect(tested.verdict(connection, { token })).toMatch(/^token_/);
    expect(connection.dueAt).toBe(before);
  }
});

test.each([
  ['another audience', { audience: 'spiffe://home.example/other' }, 0],
  ['an expired token', { ttlMs: 1000 }, 1000],
])('%s', async (_name, options, laterMs) => {
  const tested = await TestedGuard.start();
  const token = await tested.tokenOf(USER, options);
  const good = await tested.tokenOf(USER);
  tested.now += laterMs;
  expect(tested.verdict(tested.connect(), { token: good })).toBe('allowed');
  expect(tested.verdict(tested.connect(), { token })).toBe('token_invalid');
});

test('a token that a foreign trust domain signed is nobody’s', async () => {
  const tested = await TestedGuard.start();
  const forged = await tested.authority
    .trustDomain('partner.example')
    .issueForeignJwtSvid(USER, { audience: 'spiffe://home.example/server' });
  expect(tested.verdict(tested.connect(), { token: forged })).toBe('token_invalid');
});

test('a withdrawn key ends a token that was proven before', async () => {
  const tested = await TestedGuard.start();
  const token = await tested.tokenOf(USER);
  expect(tested.verdict(tested.connect(), { token })).toBe('allowed');
  const home = tested.authority.trustDomain('home.example');
  home.rotateJwtAuthority();
  expect(tested.verdict(tested.connect(), { token })).toBe('allowed');
  home.retireJwtAuthorities();
  expect(tested.verdict(tested.connect(), { token })).toBe('token_invalid');
});

test('neither events nor refusals hold anything of the credential', async () => {
  const tested = await TestedGuard.start();
  const token = await tested.tokenOf(USER);
  tested.verdict(tested.connect(), { token });
  tested.verdict(tested.connect(), { token: `${token}x` });
  tested.guard.admit({ connection: tested.connect(), method: '/test.v1.Things/Ping', authorization: ['Bearer can ary'] });
  const told = JSON.stringify(tested.events);
  for (const part of [...token.split('.'), 'can ary']) expect(told).not.toContain(part);
});
