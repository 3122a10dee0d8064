import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBundleMap, marshalBundleMap, parseBundleMap } from './bundle-map.js';
import { parseJwtBundle } from './jwt-bundle.js';
import { createSpiffeBundle } from './spiffe-bundle.js';
import { SpiffeError } from './spiffe-error.js';
import { expectRefusal } from './test-support/expect-refusal.js';
import { ecPair, jwkOf, jwksOf } from './test-support/jwt-issuer.js';
import { issueCa, issueLeaf, NOW } from './test-support/test-issuer.js';
import { parseTrustDomain } from './trust-domain.js';
import { verifyX509Svid } from './verify-x509-svid.js';
import { createX509Bundle } from './x509-bundle.js';

const a = parseTrustDomain('a.example');
const b = parseTrustDomain('b.example');
const ca = issueCa(undefined, 'ca');
const jwk = jwkOf(ecPair(), 'k1');
const element = { kty: 'EC', use: 'x509-svid', x5c: [ca.der.toString('base64')] };
const mapText = (...members: readonly string[]) => `{"trust_domains":{${members.join(',')}}}`;
const EMPTY = '{"keys":[]}';

describe('parseBundleMap', () => {
  it('reads the bundle of each trust domain, and never merges them (X-17)', () => {
    const text = JSON.stringify({
      trust_domains: { 'a.example': { keys: [element], spiffe_sequence: 3 }, 'b.example': { keys: [jwk] } },
    });
    for (const document of [text, new Uint8Array(Buffer.from(text))]) {
      const map = parseBundleMap(document);
      expect(map.bundles.map(({ trustDomain }) => trustDomain.name)).toEqual(['a.example', 'b.example']);
      expect(map.bundle(a)?.sequence).toBe(3n);
      expect(map.x509Bundle(a)).toBe(map.bundle(a)?.x509Bundle);
      expect(map.jwtBundle(b)?.keyIds).toEqual(['k1']);
      expect(map.bundle(parseTrustDomain('constructor'))).toBeUndefined();
      expect(map.x509Bundle(parseTrustDomain('c.example'))).toBeUndefined();
      expect(map.jwtBundle(parseTrustDomain('c.example'))).toBeUndefined();
      expect([map, map.bundles].every(Object.isFrozen)).toBe(true);

      const verify = (id: string) => verifyX509Svid([issueLeaf(ca, id).der], map, { now: NOW, usage: 'client' });
      expect(verify('spiffe://a.example/x').bundle).toBe(map.x509Bundle(a));
      expectRefusal(() => verify('spiffe://b.example/x'), 'bundle_without_authority', 'X-23');
      expectRefusal(() => verify('spiffe://c.example/x'), 'trust_domain_without_bundle', 'X-17');
    }
  });

  it('B-12: wants an object named trust_domains, which may be empty', () => {
    expect(parseBundleMap('{"trust_domains":{},"x":[]}').bundles).toEqual([]);
    for (const text of [
      '{}',
      '{"trust_domains":[]}',
      '{"trust_domains":null}',
      '[]',
      'null',
      '{"Trust_domains":{}}',
      '',
      '{',
      EMPTY,
    ]) {
      expectRefusal(() => parseBundleMap(text), 'bundle_map_malformed', 'B-12');
    }
    for (const odd of [undefined, null, 1, {}, Buffer.from('{"trust_domains":{},"x":"\xff"}', 'latin1')]) {
      expectRefusal(() => parseBundleMap(odd as unknown as string), 'bundle_map_malformed', 'B-12');
    }
  });

  it('B-13, ID-15: names are trust domain names, whatever they mean elsewhere', () => {
    for (const name of ['example.org', '10.0.0.1', '7', '..', 'constructor', '__proto__', 'a'.repeat(255)]) {
      const map = parseBundleMap(mapText(`"${name}":${EMPTY}`));
      expect(map.bundle(parseTrustDomain(name))?.trustDomain.name).toBe(name);
    }
    for (const name of ['spiffe://example.org', 'Example.org', '', 'a b', 'a/b', 'a:1', 'é', '\\n', 'a'.repeat(256)]) {
      const text = mapText(`"example.org":${EMPTY}`, `"${name}":${EMPTY}`);
      expectRefusal(() => parseBundleMap(text), 'bundle_map_trust_domain', 'B-13');
    }
  });

  it('B-14: refuses a trust domain twice, also by an escape, and any other member twice', () => {
    expect(parseBundleMap(mapText(`"a":${EMPTY}`, `"b":${EMPTY}`)).bundles).toHaveLength(2);
    for (const text of [
      mapText(`"a":${EMPTY}`, `"a":${EMPTY}`),
      mapText(`"a":${EMPTY}`, `"\\u0061":${EMPTY}`),
      '{"trust_domains":{},"trust_domains":{}}',
      mapText('"a":{"keys":[],"keys":[]}'),
    ]) {
      expect(() => JSON.parse(text)).not.toThrow();
      expectRefusal(() => parseBundleMap(text), 'bundle_map_duplicate_member', 'B-14');
    }
  });

  it('B-15: does not even read a refresh hint', () => {
    for (const hint of ['1', '"x"', '-1', 'null']) {
      const map = parseBundleMap(mapText(`"a.example":{"keys":[],"spiffe_refresh_hint":${hint}}`));
      expect(map.bundle(a)?.refreshHintMs).toBeUndefined();
    }
  });

  it('B-16: one bad bundle refuses the whole map', () => {
    expect(parseBundleMap(mapText(`"a":${EMPTY}`, `"b":${EMPTY}`)).bundles).toHaveLength(2);
    for (const bundle of ['{}', 'null', '[]', '1', '{"keys":{}}']) {
      expectRefusal(() => parseBundleMap(mapText(`"a":${EMPTY}`, `"b":${bundle}`)), 'jwks_malformed', 'B-1');
    }
    const bad = mapText(`"a":${EMPTY}`, '"b":{"keys":[],"spiffe_sequence":"1"}');
    expectRefusal(() => parseBundleMap(bad), 'bundle_sequence', 'B-7');
  });

  it('B-18: 4 MiB and not a byte more, 32 levels and not one more', () => {
    const limit = 4 * 1024 * 1024;
    expect(parseBundleMap(mapText().padEnd(limit)).bundles).toEqual([]);
    expectRefusal(() => parseBundleMap(mapText().padEnd(limit + 1)), 'bundle_map_too_large', 'B-18');
    expectRefusal(() => parseBundleMap(Buffer.alloc(limit + 1, ' ')), 'bundle_map_too_large', 'B-18');
    const nested = (depth: number) => `{"trust_domains":{},"x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(parseBundleMap(nested(31)).bundles).toEqual([]);
    expectRefusal(() => parseBundleMap(nested(32)), 'bundle_map_too_deep', 'B-18');
  });
});

describe('createBundleMap and marshalBundleMap', () => {
  const x509Bundle = createX509Bundle(a, [ca.der]);
  const jwtBundle = parseJwtBundle(b, jwksOf(jwk), { keysWithoutUse: 'ignore' });

  it('B-14: refuses a trust domain twice', () => {
    const bundle = createSpiffeBundle(a, { x509Bundle });
    expect(createBundleMap([bundle, createSpiffeBundle(b, {})]).bundle(a)).toBe(bundle);
    for (const twin of [bundle, createSpiffeBundle(a, {})]) {
      expectRefusal(() => createBundleMap([bundle, twin]), 'duplicate_trust_domain', 'B-14');
    }
  });

  it('B-15: writes no refresh hint, and reads back as equal bundles', () => {
    const map = createBundleMap([
      createSpiffeBundle(a, { x509Bundle, sequence: 2n ** 63n, refreshHintMs: 1000 }),
      createSpiffeBundle(b, { jwtBundle }),
      createSpiffeBundle(parseTrustDomain('__proto__'), {}),
    ]);
    const text = marshalBundleMap(map);
    expect(text).not.toContain('refresh_hint');
    const again = parseBundleMap(text);
    expect(again.bundles.map(({ trustDomain }) => trustDomain.name)).toEqual(['a.example', 'b.example', '__proto__']);
    expect(again.bundle(a)?.equals(createSpiffeBundle(a, { x509Bundle, sequence: 2n ** 63n }))).toBe(true);
    expect(again.jwtBundle(b)?.equals(jwtBundle)).toBe(true);
    expect(marshalBundleMap(again)).toBe(text);
    expect(marshalBundleMap(createBundleMap([]))).toBe('{"trust_domains":{}}');
  });

  it('B-18: refuses to publish what nobody would read', () => {
    const kid = 'x'.repeat(2 * 1024 * 1024);
    const bundleOf = (name: string) => {
      const trustDomain = parseTrustDomain(name);
      const keys = parseJwtBundle(trustDomain, jwksOf({ ...jwk, kid }), { keysWithoutUse: 'ignore' });
      return createSpiffeBundle(trustDomain, { jwtBundle: keys });
    };
    expect(marshalBundleMap(createBundleMap([bundleOf('a')]))).toContain('xxx');
    expectRefusal(() => marshalBundleMap(createBundleMap([bundleOf('a'), bundleOf('b')])), 'bundle_map_too_large', 'B-18');
  });
});

it('throws nothing but SpiffeError, whatever the map', () => {
  const name = fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'A', 'spiffe://a'), fc.string({ maxLength: 4 }));
  const bundle = fc.oneof(fc.constantFrom(EMPTY, JSON.stringify({ keys: [element, jwk] })), fc.json({ maxDepth: 2 }));
  const members = fc.array(
    fc.tuple(name, bundle).map(([key, value]) => `${JSON.stringify(key)}:${value}`),
    { maxLength: 3 },
  );
  const text = members.map((each) => mapText(...each));
  fc.assert(
    fc.property(fc.oneof(text, text, fc.json(), fc.string(), fc.uint8Array()), (document) => {
      try {
        const map = parseBundleMap(document);
        expect(parseBundleMap(marshalBundleMap(map)).bundles).toHaveLength(map.bundles.length);
      } catch (error) {
        if (!(error instanceof SpiffeError)) throw error;
      }
    }),
    { numRuns: 200 },
  );
});
