import { describe, expect, it } from 'vitest';
import { diffX509Bundles } from './diff-x509-bundles.js';
import { parseJwtBundle } from './jwt-bundle.js';
import { ecPair, jwkOf, jwksOf } from './test-support/jwt-issuer.js';
import { issueCa, newKey } from './test-support/test-issuer.js';
import { parseTrustDomain } from './trust-domain.js';
import { createX509Bundle } from './x509-bundle.js';

const td = parseTrustDomain('td');
const other = parseTrustDomain('other');

describe('X.509 bundles', () => {
  const key = newKey();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => issueCa(undefined, name).der);
  // One name, one key, two certificates.
  const [once, again] = [issueCa(undefined, 'same', { key }).der, issueCa(undefined, 'same', { key }).der];
  const bundleOf = (...ders: readonly (Buffer | undefined)[]) =>
    createX509Bundle(
      td,
      ders.filter((der) => der !== undefined),
    );

  it('are equal when they hold the same certificates, in any order', () => {
    const bundle = bundleOf(a, b);
    expect([bundle, bundleOf(a, b), bundleOf(b, a, b)].every((one) => bundle.equals(one))).toBe(true);
    expect([bundleOf(a), bundleOf(a, c), bundleOf(a, b, c), bundleOf()].some((one) => bundle.equals(one))).toBe(false);
    expect(bundleOf(once).equals(bundleOf(again))).toBe(false);
    expect(bundleOf().equals(bundleOf())).toBe(true);
    expect(bundleOf().equals(createX509Bundle(other, []))).toBe(false);
  });

  it('differ by what was added and what was removed', () => {
    const difference = diffX509Bundles(bundleOf(a, b, once), bundleOf(again, c, b));
    const ders = (list: typeof difference.added) => list.map(({ der }) => Buffer.from(der));
    expect(ders(difference.added)).toEqual([again, c]);
    expect(ders(difference.removed)).toEqual([a, once]);
    expect([difference, difference.added, difference.removed].every(Object.isFrozen)).toBe(true);
    expect(diffX509Bundles(bundleOf(a, b), bundleOf(b, a))).toEqual({ added: [], removed: [] });
  });
});

describe('JWT bundles', () => {
  const [a, b] = [ecPair(), ecPair()];
  const bundleOf = (...keys: readonly unknown[]) => parseJwtBundle(td, jwksOf(...keys), { keysWithoutUse: 'ignore' });

  it('are equal when the same kid names the same key for the same alg, in any order', () => {
    const bundle = bundleOf(jwkOf(a, 'a'), jwkOf(b, 'b'));
    expect(bundle.equals(bundle)).toBe(true);
    expect(bundle.equals(bundleOf(jwkOf(b, 'b', { key_ops: ['verify'] }), jwkOf(a, 'a')))).toBe(true);
    expect(bundle.equals(bundleOf(jwkOf(a, 'a'), jwkOf(b, 'b'), jwkOf(a, 'twice'), jwkOf(b, 'twice')))).toBe(true);
    for (const changed of [
      bundleOf(jwkOf(a, 'a')),
      bundleOf(jwkOf(a, 'b'), jwkOf(b, 'a')),
      bundleOf(jwkOf(a, 'a'), jwkOf(b, 'c')),
      bundleOf(jwkOf(a, 'a'), jwkOf(b, 'b', { alg: 'ES256' })),
      bundleOf(jwkOf(a, 'a'), jwkOf(b, 'b'), jwkOf(b, 'c')),
      bundleOf(jwkOf(a, 'a'), jwkOf(a, 'b'), jwkOf(b, 'b')),
    ]) {
      expect(bundle.equals(changed)).toBe(false);
      expect(changed.equals(bundle)).toBe(false);
    }
    expect(bundleOf().equals(parseJwtBundle(other, jwksOf(), { keysWithoutUse: 'ignore' }))).toBe(false);
  });
});
