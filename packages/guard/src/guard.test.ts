import { PolicyError } from '@dirgate/policy';
import { describe, expect, test, vi } from 'vitest';
import { GET, getRequest, PING, readGetRequest, SERVER_ID, TestedGuard } from './test-support/tested-guard.js';

const CALLER = 'spiffe://partner.example/caller';

describe('admission', () => {
  test('a good call is allowed, and the policy was asked about it', async () => {
    const tested = await TestedGuard.start();
    expect(tested.verdict(tested.connect(CALLER))).toBe('allowed');
    expect(tested.policy.asked).toEqual([
      {
        subject: {
          type: 'workload',
          id: CALLER,
          properties: {
            trust_domain: 'partner.example',
            path: ['caller'],
            credential: 'x509-svid',
            federated: true,
            audience: [],
            claims: {},
            peer: null,
          },
        },
        action: { name: PING, properties: { service: 'test.v1.Things', method: 'Ping', class: 'read', phase: 'call' } },
        resource: { type: 'service', id: 'test.v1.Things', properties: {} },
        context: { server: { id: SERVER_ID, trust_domain: 'home.example' }, time_ms: tested.now, peer_address: '192.0.2.1:7' },
      },
    ]);
  });

  test.each([
    '/test.v1.Things/ping',
    '/test.v1.Things/Ping/',
    'test.v1.Things/Ping',
    '//test.v1.Things/Ping',
    '/test.v1.Things/Ping?x',
    '',
  ])('the method "%s" is not in the catalogue', async (method) => {
    const tested = await TestedGuard.start();
    expect(tested.verdict(tested.connect(CALLER), { method })).toBe('method_unknown');
    expect(tested.verdict(tested.connect(), { method })).toBe('no_credential'); // a stranger does not learn even that
    expect(tested.policy.asked).toEqual([]);
  });

  test.each([
    ['no policy', (tested: TestedGuard) => tested.policy.replace(undefined), 'policy_missing', 14],
    [
      'a policy that denies',
      (tested: TestedGuard) => (tested.policy.decide = () => ({ allow: false, reasons: ['no'], revision: 'one' })),
      'policy_denied',
      7,
    ],
    [
      'a policy that throws',
      (tested: TestedGuard) =>
        (tested.policy.decide = () => {
          throw 'a string, as opa-wasm does';
        }),
      'policy_failed',
      13,
    ],
    [
      'the truthy answer 1',
      (tested: TestedGuard) => (tested.policy.decide = () => ({ allow: 1, reasons: [], revision: 'one' })),
      'policy_denied',
      7,
    ],
    [
      'the truthy answer "true"',
      (tested: TestedGuard) => (tested.policy.decide = () => ({ allow: 'true', reasons: [], revision: 'one' })),
      'policy_denied',
      7,
    ],
    ['no answer', (tested: TestedGuard) => (tested.policy.decide = () => undefined), 'guard_failed', 13],
  ])('%s', async (_name, change, code, status) => {
    const tested = await TestedGuard.start();
    expect(tested.verdict(tested.connect(CALLER))).toBe('allowed');
    change(tested);
    const admission = tested.admit(tested.connect(CALLER));
    expect(admission).toMatchObject({ kind: 'refused', refusal: { code, status } });
    expect(tested.events.at(-1)).toMatchObject({ step: 'call', allow: false, code, subject: CALLER });
  });

  test.each([
    ['does not judge calls, so that handlers would start unjudged', ['request'], 'call_phase_missing'],
    ['judges nothing', [], 'call_phase_missing'],
  ] as const)('a policy that %s', async (_name, phases, reason) => {
    const tested = await TestedGuard.start();
    const connection = tested.connect(CALLER);
    const live = tested.admitted(connection);
    const onRevoked = vi.fn();
    live.watch(onRevoked);
    tested.policy.phases = phases;
    tested.policy.replace('two');
    tested.policy.asked.length = 0;
    for (const method of [PING, GET]) expect(tested.verdict(connection, { method })).toBe('policy_failed');
    expect(tested.events.at(-1)).toMatchObject({ reasons: [reason], revision: 'two' });
    expect(tested.policy.asked).toEqual([]);
    live.check(tested.now);
    expect(onRevoked).toHaveBeenCalledWith(expect.objectContaining({ code: 'policy_failed' }));
  });

  test('an identity source that throws refuses', async () => {
    const tested = await TestedGuard.start();
    vi.spyOn(tested.identity, 'x509Svid').mockImplementation(() => {
      throw new Error('canary');
    });
    expect(tested.admit(tested.connect(CALLER))).toMatchObject({
      kind: 'refused',
      refusal: { code: 'guard_failed', status: 13 },
    });
    expect(JSON.stringify(tested.events)).not.toContain('canary');
  });

  test('the own SVID expired: nobody is served', async () => {
    const tested = await TestedGuard.start();
    tested.now += 3_600_000;
    expect(tested.verdict(tested.connect(CALLER))).toBe('allowed');
    tested.now += 1;
    expect(tested.verdict(tested.connect(CALLER))).toBe('server_identity_missing');
  });
});

describe('messages', () => {
  const deny = (id: string) => (tested: TestedGuard) => {
    tested.policy.decide = ({ resource }) => ({ allow: resource.id !== id, reasons: ['test'], revision: 'one' });
  };

  test('each resource is a decision, all must allow', async () => {
    const tested = await TestedGuard.start();
    const call = tested.admitted(tested.connect(CALLER), { method: GET });
    expect(call.judgesRequests).toBe(true);
    deny('bad')(tested);
    expect(call.judgeRequest(getRequest(['a', 'b']))).toBeUndefined();
    expect(call.judgeRequest(getRequest(['a', 'bad', 'b']))).toMatchObject({ code: 'policy_denied' });
    expect(tested.policy.asked.map(({ resource }) => resource.id)).toEqual(['test.v1.Things', 'a', 'b', 'a', 'bad']);
    expect(tested.events.at(-1)).toMatchObject({ step: 'request', resource: { type: 'thing', id: 'bad' }, revision: 'one' });
  });

  test('a message of another type, or too many resources', async () => {
    const tested = await TestedGuard.start();
    const call = tested.admitted(tested.connect(CALLER), { method: GET });
    expect(call.judgeRequest({ ids: ['a'] })).toMatchObject({ code: 'message_unreadable' });
    expect(call.judgeRequest(undefined)).toMatchObject({ code: 'message_unreadable' });
    expect(call.judgeRequest(getRequest(Array.from({ length: 1001 }, () => 'a')))).toMatchObject({ code: 'too_many_resources' });
  });

  test('code of the server whose messages do not fit: no call starts, once its messages are judged', async () => {
    const tested = await TestedGuard.start();
    const connection = tested.connect(CALLER);
    const admit = (deserialize: (bytes: Buffer) => unknown): string => {
      const admission = tested.guard.admit({ connection, method: GET, authorization: [], deserialize });
      return admission.kind === 'admitted' ? 'allowed' : admission.refusal.code;
    };
    const other = () => ({ ids: ['probe'] });
    expect([admit(readGetRequest), admit(other)]).toEqual(['allowed', 'guard_failed']);
    expect(tested.events.at(-1)).toMatchObject({ step: 'call', reasons: ['messages_unfit'] });
    tested.policy.phases = ['call'];
    tested.policy.replace('call-only');
    expect(admit(other)).toBe('allowed');
  });

  test('a message is not judged by a method that declares none: it is refused', async () => {
    const tested = await TestedGuard.start();
    const call = tested.admitted(tested.connect(CALLER));
    expect(call.judgesRequests).toBe(false);
    expect(call.judgeRequest(getRequest(['a']))).toMatchObject({ code: 'message_unreadable' });
  });

  test('an evaluation that fails refuses, and tells the trail why', async () => {
    const tested = await TestedGuard.start();
    const call = tested.admitted(tested.connect(CALLER), { method: GET });
    expect(call.judgeRequest(getRequest(['a']))).toBeUndefined();
    for (const [thrown, reason] of [
      [new PolicyError('input_too_large', 'canary'), 'input_too_large'],
      ['a string, as opa-wasm throws', 'policy_failed'],
    ] as const) {
      tested.policy.decide = () => {
        throw thrown;
      };
      expect(call.judgeRequest(getRequest(['b']))).toMatchObject({ code: 'policy_failed', status: 13 });
      expect(tested.events.at(-1)).toMatchObject({ code: 'policy_failed', reasons: [reason], resource: { id: 'b' } });
    }
    expect(JSON.stringify(tested.events)).not.toContain('canary');
  });

  test('described: one failure among many refuses all, and leaves nothing unhandled', async () => {
    const tested = await TestedGuard.start({
      describe: ({ id }) => (id === 'bad' ? Promise.reject(new Error('canary')) : Promise.resolve({ id })),
      describeLimits: { maxInFlight: 3 },
    });
    const call = tested.admitted(tested.connect(CALLER), { method: GET });
    expect(await call.judgeRequest(getRequest(['a', 'b']))).toBeUndefined();
    expect(tested.policy.asked.at(-1)?.resource).toEqual({ type: 'thing', id: 'b', properties: { id: 'b' } });
    expect(await call.judgeRequest(getRequest(['bad', 'a', 'bad']))).toMatchObject({ code: 'describe_failed', status: 14 });
    expect(await call.judgeRequest(getRequest(['bad', 'c', 'd', 'e']))).toMatchObject({ code: 'describe_failed' });
    expect(tested.events.at(-1)).toMatchObject({ reasons: ['describe_overloaded'] });
  });

  test('described: a record is asked about once a call, and anew in the next', async () => {
    const describe = vi.fn(async ({ id }: { readonly id: string }) => ({ name: `of ${id}` }));
    const tested = await TestedGuard.start({ describe });
    const connection = tested.connect(CALLER);
    const call = tested.admitted(connection, { method: GET });
    expect(await call.judgeRequest(getRequest(['a', 'a', 'b']))).toBeUndefined();
    expect(await call.judgeRequest(getRequest(['b', 'a']))).toBeUndefined();
    expect(describe.mock.calls.map(([{ id }]) => id)).toEqual(['a', 'b']);
    expect(tested.policy.asked.at(-1)?.resource).toEqual({ type: 'thing', id: 'a', properties: { name: 'of a' } });
    expect(await tested.admitted(connection, { method: GET }).judgeRequest(getRequest(['a']))).toBeUndefined();
    expect(describe.mock.calls.map(([{ id }]) => id)).toEqual(['a', 'b', 'a']);
  });

  test('a policy that does not read properties costs no describe', async () => {
    const describe = vi.fn(() => ({}));
    const tested = await TestedGuard.start({ describe });
    tested.policy.reads = false;
    const call = tested.admitted(tested.connect(CALLER), { method: GET });
    expect(call.judgeRequest(getRequest(['a']))).toBeUndefined();
    expect(describe).not.toHaveBeenCalled();
  });
});

describe('close', () => {
  test('refuses every later call, ends the live ones, stops listening', async () => {
    const tested = await TestedGuard.start();
    const connection = tested.connect(CALLER);
    const onRevoked = vi.fn();
    tested.admitted(connection).watch(onRevoked);
    expect(tested.guard.liveCalls).toBe(1);
    expect(tested.policy.listeners).toBe(1);
    tested.guard.close();
    expect(onRevoked).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'guard_failed' }));
    expect(tested.guard.liveCalls).toBe(0);
    expect(tested.policy.listeners).toBe(0);
    expect(tested.verdict(connection)).toBe('guard_failed');
    expect(tested.events.at(-1)).toMatchObject({ reasons: ['guard_closed'] });
    tested.guard.close();
  });
});
