import type { DecisionEvent } from '@dirgate/guard';
import { describe, expect, test } from 'vitest';
import { counting, expectDeniedFrom, expectNoFailure } from './expect-load.js';
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

describe('expectDeniedFrom', () => {
  const early = Array.from({ length: 30 }, (_, index) => attempt(NOT_AFTER - 5000 + index));
  const late = attempt(NOT_AFTER + 10, { status: 'UNAUTHENTICATED' });

  test('holds when calls go through before and not after', () => {
    expectDeniedFrom(loadOf([...early, late]), NOT_AFTER);
  });

  test.each([
    ['a refusal before', [...early, attempt(NOT_AFTER - 4000, { status: 'UNAUTHENTICATED' }), late]],
    ['a call allowed after', [...early, late, attempt(NOT_AFTER + 20)]],
    [
      'a stream that goes on',
      [...early, late, attempt(NOT_AFTER - 500, { endedAt: NOT_AFTER + 1500, status: 'UNAUTHENTICATED' })],
    ],
    ['nothing made after', early],
    ['nothing made before', [late]],
  ])('fails for %s', (_what, attempts) => {
    expect(() => expectDeniedFrom(loadOf(attempts), NOT_AFTER)).toThrow();
  });
});
