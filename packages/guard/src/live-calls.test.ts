import { describe, expect, test, vi } from 'vitest';
import type { GuardOptions } from './guard-options.js';
import type { Refusal } from './refusal.js';
import { GET, readGetRequest, TestedGuard } from './test-support/tested-guard.js';

const CALLER = 'spiffe://partner.example/caller';
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** A live call of a caller whose credential lasts ten seconds. */
async function liveCall(kind: 'x509' | 'jwt', options: Partial<GuardOptions> = {}) {
  const tested = await TestedGuard.start(options);
  const connection = tested.connect(kind === 'x509' ? CALLER : undefined);
  const token = kind === 'jwt' ? { token: await tested.tokenOf(CALLER) } : {};
  const call = tested.admitted(connection, { ...token, method: GET });
  const ends: Refusal[] = [];
  call.watch((refusal) => ends.push(refusal));
  /** How the call stands at `laterMs` after its start. */
  const at = (laterMs: number): string => {
    call.check(start + laterMs);
    return ends[0]?.code ?? 'live';
  };
  const start = tested.now;
  return { tested, connection, token, call, ends, at };
}

describe.each(['x509', 'jwt'] as const)('%s', (kind) => {
  const last = kind === 'x509' ? 10_000 : 9_999; // notAfter is the last valid instant, exp the first invalid one

  test('ends at expiry, never before', async () => {
    const { at, ends, call } = await liveCall(kind);
    expect(at(last)).toBe('live');
    expect(at(last + 1)).toBe('identity_expired');
    call.check(Number.MAX_SAFE_INTEGER);
    expect(ends).toHaveLength(1);
  });

  test('a grace lets it outlive expiry by so much, and no new call', async () => {
    const { at, tested, connection } = await liveCall(kind, { streams: { afterExpiryMs: 60_000 } });
    expect(at(last + 1)).toBe('live');
    expect(at(last + 60_000)).toBe('live');
    tested.now += last + 1;
    const token = kind === 'jwt' ? { token: 'a.b.c' } : {};
    expect(tested.verdict(connection, token)).toBe(kind === 'x509' ? 'identity_expired' : 'token_invalid');
    expect(at(last + 60_001)).toBe('identity_expired');
  });

  test.each([0, 60_000])(
    'a withdrawal ends it at once, with a grace of %i ms, before and after expiry',
    async (afterExpiryMs) => {
      for (const laterMs of [1, last + 1].filter((later) => later <= last || afterExpiryMs > 0)) {
        const { at, tested } = await liveCall(kind, { streams: { afterExpiryMs } });
        expect(at(laterMs)).toBe('live');
        tested.authority.unfederate('home.example', 'partner.example');
        expect(at(laterMs)).toBe('trust_withdrawn');
      }
    },
  );

  test('a withdrawal between its verdict and the watch over it ends it too', async () => {
    const tested = await TestedGuard.start();
    const token = kind === 'jwt' ? { token: await tested.tokenOf(CALLER) } : {};
    const admit = () => tested.admitted(tested.connect(kind === 'x509' ? CALLER : undefined), { ...token, method: GET });
    const [call, twin] = [admit(), admit()];
    const onRevoked = vi.fn();
    twin.watch(onRevoked);
    await nextTurn();
    expect(onRevoked).not.toHaveBeenCalled();
    tested.authority.unfederate('home.example', 'partner.example');
    await nextTurn();
    expect(onRevoked).toHaveBeenCalledOnce();
    call.watch(onRevoked);
    await nextTurn();
    expect(onRevoked).toHaveBeenCalledTimes(2);
  });

  test('another bundle that still vouches for it keeps it, also within the grace', async () => {
    const { at, tested } = await liveCall(kind, { streams: { afterExpiryMs: 60_000 } });
    const partner = tested.authority.trustDomain('partner.example');
    partner.rotateX509Authority();
    partner.rotateJwtAuthority();
    expect(at(1)).toBe('live');
    partner.rotateX509Authority();
    partner.rotateJwtAuthority();
    expect(at(last + 1)).toBe('live');
    partner.retireX509Authorities();
    partner.retireJwtAuthorities();
    expect(at(last + 2)).toBe('trust_withdrawn');
  });

  test('within the grace, what a new call saw expired is judged as of before for an open one', async () => {
    const { at, tested, connection, token } = await liveCall(kind, { streams: { afterExpiryMs: 60_000 } });
    const partner = tested.authority.trustDomain('partner.example');
    tested.now += last + 1;
    partner.rotateX509Authority();
    partner.rotateJwtAuthority();
    expect(tested.verdict(connection, token)).not.toBe('allowed'); // the verifiers have seen it expired from here on
    expect(at(last + 1)).toBe('live');
    partner.retireX509Authorities();
    partner.retireJwtAuthorities();
    expect(at(last + 2)).toBe('trust_withdrawn');
  });

  test('the own identity withdrawn, or a clock that is no number', async () => {
    const first = await liveCall(kind);
    first.tested.identity.withdraw();
    expect(first.at(1)).toBe('server_identity_missing');
    const second = await liveCall(kind);
    expect(second.at(Number.NaN)).not.toBe('live');
  });
});

test('of two credentials the earlier expiry counts', async () => {
  const tested = await TestedGuard.start();
  const token = await tested.tokenOf('spiffe://home.example/user', { ttlMs: 60_000 });
  const call = tested.admitted(tested.connect(CALLER), { token });
  const onRevoked = vi.fn();
  call.watch(onRevoked);
  call.check(tested.now + 10_000);
  expect(onRevoked).not.toHaveBeenCalled();
  call.check(tested.now + 10_001);
  expect(onRevoked).toHaveBeenCalledWith(expect.objectContaining({ code: 'identity_expired' }));
});

describe('a change is noticed by itself', () => {
  test('trust withdrawn', async () => {
    const { tested, ends } = await liveCall('x509');
    tested.authority.unfederate('home.example', 'partner.example');
    await nextTurn();
    expect(ends).toMatchObject([{ code: 'trust_withdrawn', status: 16 }]);
    expect(tested.events.at(-1)).toMatchObject({ step: 'revocation', subject: CALLER, code: 'trust_withdrawn' });
    expect(tested.guard.liveCalls).toBe(0);
  });

  test.each([
    ['a policy that denies', () => ({ allow: false, reasons: ['no'], revision: 'two' }), 'policy_denied'],
    ['a policy that allows', () => ({ allow: true, reasons: [], revision: 'two' }), undefined],
  ])('%s', async (_name, decide, code) => {
    const { tested, ends } = await liveCall('x509');
    tested.policy.decide = decide;
    tested.policy.replace('two');
    await nextTurn();
    expect(ends[0]?.code).toBe(code);
  });

  test('the own identity expires, of which no source tells', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const tested = await TestedGuard.start();
      const token = await tested.tokenOf('spiffe://home.example/user', { ttlMs: 86_400_000 });
      const ends: string[] = [];
      tested.admitted(tested.connect(), { token }).watch(({ code }) => ends.push(code));
      tested.now = tested.identity.x509Svid()?.validUntil ?? 0;
      vi.advanceTimersByTime(250);
      await nextTurn();
      expect(ends).toEqual([]); // that instant is the last valid one
      tested.now += 1;
      vi.advanceTimersByTime(250);
      await nextTurn();
      expect(ends).toEqual(['server_identity_missing']);
    } finally {
      vi.useRealTimers();
    }
  });

  test('no policy any more', async () => {
    const { tested, ends } = await liveCall('x509');
    tested.policy.replace(undefined);
    await nextTurn();
    expect(ends[0]?.code).toBe('policy_missing');
  });

  test.each(['request', 'response'] as const)(
    'a policy that begins to judge %s messages ends a call whose messages it cannot see, and no other',
    async (phase) => {
      const tested = await TestedGuard.start();
      tested.policy.phases = ['call'];
      tested.policy.replace('call-only');
      const ends: string[] = [];
      const connection = tested.connect(CALLER);
      for (const [name, seesMessages] of [
        ['unseen', false],
        ['seen', true],
      ] as const) {
        const call = tested.admitted(connection, { method: GET });
        expect([call.judgesRequests, call.judgesResponses]).toEqual([false, false]);
        call.watch(() => ends.push(name), seesMessages);
      }
      tested.policy.phases = ['call', phase];
      tested.policy.replace('both');
      await nextTurn();
      expect(ends).toEqual(['unseen']);
      expect(tested.events.at(-1)).toMatchObject({ code: 'guard_failed', reasons: ['messages_unseen'] });
    },
  );

  test('a policy that begins to judge messages ends a call whose messages do not fit, and no other', async () => {
    const tested = await TestedGuard.start();
    tested.policy.phases = ['call'];
    tested.policy.replace('call-only');
    const ends: string[] = [];
    const connection = tested.connect(CALLER);
    for (const [name, deserialize] of [
      ['unfit', () => ({})],
      ['fit', readGetRequest],
    ] as const) {
      const admission = tested.guard.admit({ connection, method: GET, authorization: [], deserialize });
      if (admission.kind === 'admitted') admission.call.watch(() => ends.push(name));
    }
    expect(tested.guard.liveCalls).toBe(2);
    tested.policy.phases = ['call', 'request'];
    tested.policy.replace('both');
    await nextTurn();
    expect(ends).toEqual(['unfit']);
    expect(tested.events.at(-1)).toMatchObject({ step: 'revocation', code: 'guard_failed', reasons: ['messages_unfit'] });
  });
});

test('a call that was admitted while a sink closed the guard is ended too', async () => {
  const ends: string[] = [];
  for (const closes of [false, true]) {
    const tested: TestedGuard = await TestedGuard.start({ onDecision: () => closes && tested.guard.close() });
    const call = tested.admitted(tested.connect(CALLER), { method: GET });
    call.watch(({ code }) => ends.push(code));
    await nextTurn();
    expect(ends).toEqual(closes ? ['guard_failed'] : []);
    expect(tested.guard.liveCalls).toBe(closes ? 0 : 1);
  }
});

test('an ended call is not told anything', async () => {
  const { tested, call, ends } = await liveCall('x509');
  call.end();
  call.end();
  tested.authority.unfederate('home.example', 'partner.example');
  await nextTurn();
  expect(ends).toEqual([]);
});
