import type { DecisionEvent } from '@dirgate/guard';
import { describe, expect, test } from 'vitest';
import { counting, expectDenied, expectHandledUntil, expectNoFailure, expectStreamsEnded } from './expect-load.js';
import type { GuardedDirectory } from './guarded-directory.js';
import { Load, type LoadAttempt } from './load.js';

const NOT_AFTER = 1_000_000;

function attempt(startedAt: number, change: Partial<LoadAttempt> = {}): LoadAttempt {
  return { lane: 'a unary', startedAt, endedAt: startedAt + 5, status: 'OK', details: '', ...change };
}

function loadOf(attempts: readonly LoadAttempt[]): Load {
  const load = new Load([]);
  load.attempts.push(...attempts);
  return load;
}

function directoryOf(handled: number, refusals: readonly DecisionEvent[] = []): GuardedDirectory {
  return {
    address: '',
    refusals,
    handled: () => handled,
    running: () => 0,
    connectionsOf: () => new Set(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const refusal: DecisionEvent = {
  id: '1',
  time: 0,
  method: '/a/b',
  step: 'call',
  allow: false,
  code: 'policy_denied',
  reasons: [],
  peerAddress: '',
};

describe('expectNoFailure', () => {
  const client = counting(directoryOf(0), 'a', 'spiffe://td.example/a', 'x509-svid');
  const load = loadOf([attempt(1), attempt(2)]);

  test('holds when as many handlers ran as calls were made', () => {
    expectNoFailure(load, directoryOf(2), [client]);
  });

  test.each([
    ['a call that failed', loadOf([attempt(1), attempt(2, { status: 'UNAVAILABLE' })]), directoryOf(2)],
    ['a call that was made twice', load, directoryOf(3)],
    ['a call that no handler saw', load, directoryOf(1)],
    ['a refusal that the client did not notice', load, directoryOf(2, [refusal])],
    ['no call at all', loadOf([]), directoryOf(0)],
  ])('fails for %s', (_what, made, directory) => {
    expect(() => expectNoFailure(made, directory, [client])).toThrow();
  });
});

describe('expectDenied', () => {
  const early = Array.from({ length: 30 }, (_, index) => attempt(NOT_AFTER - 5000 + index));
  const late = attempt(NOT_AFTER + 10, { status: 'UNAUTHENTICATED' });

  test('holds when calls go through before and not after', () => {
    expectDenied(loadOf([...early, late]), { last: NOT_AFTER });
  });

  test.each([
    ['a refusal before', [...early, attempt(NOT_AFTER - 4000, { status: 'UNAUTHENTICATED' }), late]],
    [
      'a call that hangs until it fails',
      [...early, attempt(NOT_AFTER - 1500, { endedAt: NOT_AFTER + 500, status: 'UNAVAILABLE' }), late],
    ],
    ['a call allowed after', [...early, late, attempt(NOT_AFTER + 20)]],
    [
      'a stream that goes on',
      [...early, late, attempt(NOT_AFTER - 500, { endedAt: NOT_AFTER + 1500, status: 'UNAUTHENTICATED' })],
    ],
    ['nothing made after', early],
    ['nothing made before', [late]],
  ])('fails for %s', (_what, attempts) => {
    expect(() => expectDenied(loadOf(attempts), { last: NOT_AFTER })).toThrow();
  });

  test('looks at one client alone, and at an end of its streams that comes later', () => {
    const other = attempt(NOT_AFTER + 20, { lane: 'b unary' });
    const stream = attempt(NOT_AFTER - 500, { endedAt: NOT_AFTER + 1500, status: 'UNAUTHENTICATED' });
    const load = loadOf([...early, late, other, stream]);
    expectDenied(load, { client: 'a', last: NOT_AFTER, streamsEnd: NOT_AFTER + 1000 });
    expect(() => expectDenied(load, { client: 'a', last: NOT_AFTER })).toThrow(/outlived/);
    expect(() => expectDenied(load, { client: 'b', last: NOT_AFTER })).toThrow(/prove nothing/);
  });
});

describe('expectStreamsEnded', () => {
  const end = { stream: 'a bidi stream', endedAt: NOT_AFTER + 900, status: 'UNAUTHENTICATED', details: '' } as const;
  const other = { ...end, stream: 'a server stream' };
  const wanted = { client: 'a', instant: NOT_AFTER, statuses: ['UNAUTHENTICATED'] } as const;

  test('holds for two streams in time, whatever those of others did', () => {
    expectStreamsEnded([end, other, { ...end, stream: 'b bidi stream', endedAt: 0 }], wanted);
  });

  test.each([
    ['one that ended before', [{ ...end, endedAt: NOT_AFTER - 1 }, other]],
    ['one that ended late', [{ ...end, endedAt: NOT_AFTER + 1001 }, other]],
    ['another status', [{ ...end, status: 'OK' as const }, other]],
    ['a stream too few', [end]],
  ])('fails for %s', (_what, ends) => {
    expect(() => expectStreamsEnded(ends, wanted)).toThrow();
  });
});

describe('expectHandledUntil', () => {
  const client = counting(directoryOf(0), 'a', 'spiffe://td.example/a', 'x509-svid');
  const load = loadOf([
    attempt(1),
    attempt(2),
    attempt(NOT_AFTER - 1, { status: 'UNAVAILABLE' }),
    attempt(NOT_AFTER + 1, { status: 'UNAVAILABLE' }),
  ]);

  test.each([2, 3])('holds when %i handlers ran for two calls that went through and one that was under way', (handled) => {
    expectHandledUntil(load, directoryOf(handled), client, NOT_AFTER);
  });

  test.each([1, 4])('fails when %i did', (handled) => {
    expect(() => expectHandledUntil(load, directoryOf(handled), client, NOT_AFTER)).toThrow(/handlers ran/);
  });
});
