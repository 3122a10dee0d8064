import { describe, expect, it } from 'vitest';
import { createBundleSet } from './bundle-set.js';
import { parseJwtBundle } from './jwt-bundle.js';
import { expectRefusal } from './test-support/expect-refusal.js';
import { ecPair, jwkOf, jwksOf, rsaPair } from './test-support/jwt-issuer.js';
import { parseTrustDomain } from './trust-domain.js';

const td = parseTrustDomain('td');
const good = ecPair();
const other = ecPair();
const rsa = rsaPair();
const rsa1024 = rsaPair(1024);

const spiffeBundle = (jwks: string | Uint8Array) => parseJwtBundle(td, jwks, { keysWithoutUse: 'ignore' });

describe('JwtBundle.equals', () => {
  const [one, two] = [jwkOf(good, 'one'), jwkOf(other, 'two')];
  const bundle = spiffeBundle(jwksOf(one, two));

  it.each([
    ['the same document', spiffeBundle(jwksOf(one, two))],
    ['another order', spiffeBundle(jwksOf(two, one))],
    ['what is left out besides', spiffeBundle(jwksOf(one, jwkOf(rsa1024, 'weak'), two))],
  ])('is true for %s', (_what, same) => {
    expect(bundle.equals(bundle)).toBe(true);
    expect(bundle.equals(same)).toBe(true);
    expect(same.equals(bundle)).toBe(true);
  });

  it.each([
    ['a key less', spiffeBundle(jwksOf(one))],
    ['no key', spiffeBundle(jwksOf())],
    ['a key more', spiffeBundle(jwksOf(one, two, jwkOf(rsa, 'three')))],
    ['another key of the same kid', spiffeBundle(jwksOf(one, jwkOf(rsa, 'two')))],
    ['the same key of another kid', spiffeBundle(jwksOf(one, jwkOf(other, 'three')))],
    ['the keys exchanged', spiffeBundle(jwksOf(jwkOf(other, 'one'), jwkOf(good, 'two')))],
    ['a key bound to one algorithm', spiffeBundle(jwksOf(one, jwkOf(other, 'two', { alg: 'ES256' })))],
    ['a kid that two keys claim', spiffeBundle(jwksOf(one, two, jwkOf(rsa, 'two')))],
    ['another trust domain', parseJwtBundle(parseTrustDomain('other'), jwksOf(one, two), { keysWithoutUse: 'ignore' })],
  ])('is false for %s', (_what, different) => {
    expect(bundle.equals(different)).toBe(false);
    expect(different.equals(bundle)).toBe(false);
  });
});

describe('createBundleSet', () => {
  const bundleOf = (name: string) =>
    parseJwtBundle(parseTrustDomain(name), jwksOf(jwkOf(good, 'k1')), { keysWithoutUse: 'ignore' });

  it('ID-15: finds bundles by trust domain, whatever its name', () => {
    const names = ['td', 'constructor', '__proto__'];
    const bundles = names.map(bundleOf);
    const set = createBundleSet({ jwt: bundles });
    expect(names.map((name) => set.jwtBundle(parseTrustDomain(name)))).toEqual(bundles);
    expect(createBundleSet({}).jwtBundle(parseTrustDomain('constructor'))).toBeUndefined();
    expect(set.x509Bundle(td)).toBeUndefined();
  });

  it('keeps its content when the array changes', () => {
    const jwt = [bundleOf('td')];
    const set = createBundleSet({ jwt });
    jwt.length = 0;
    expect(set.jwtBundle(td)).toBe(set.jwtBundle(td));
    expect(set.jwtBundle(td)?.trustDomain).toEqual(td);
    expect(Object.isFrozen(set)).toBe(true);
  });

  it('B-14: refuses one trust domain twice', () => {
    expectRefusal(() => createBundleSet({ jwt: [bundleOf('td'), bundleOf('td')] }), 'duplicate_trust_domain', 'B-14');
  });
});
