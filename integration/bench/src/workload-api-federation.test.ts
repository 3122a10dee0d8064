import { expect, test } from 'vitest';
import { changedTrustDomain, Federation, withdrawnTrustDomains } from './workload-api-federation.js';

const FIRST = Buffer.from('first');
const SECOND = Buffer.from('second');
const changed = `spiffe://${changedTrustDomain(3)}`;
const [one, other] = withdrawnTrustDomains(3).map((name) => `spiffe://${name}`);

test('one bundle changes to and fro, and what was taken before stays as it was', () => {
  const federation = new Federation(3, [FIRST, SECOND]);
  const before = federation.all;
  expect([Object.keys(before).length, new Set(Object.values(before))]).toEqual([3, new Set([FIRST])]);
  federation.changeOne();
  expect(federation.all).toEqual({ ...before, [changed]: SECOND });
  expect(before[changed]).toBe(FIRST);
  federation.changeOne();
  expect(federation.all).toEqual(before);
});

test('one trust domain is away, each time another one, and never the one that changes', () => {
  const federation = new Federation(3, [FIRST, SECOND]);
  const away = (): readonly string[] =>
    [one, other, changed].filter((id) => id !== undefined && !(id in federation.all)) as string[];
  expect(away()).toEqual([]);
  for (const expected of [one, other, one]) {
    federation.withdrawOne();
    expect(away()).toEqual([expected]);
  }
  expect(() => withdrawnTrustDomains(2)).toThrow(RangeError);
});
