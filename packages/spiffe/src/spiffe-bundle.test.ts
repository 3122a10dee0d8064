import { describe, expect, it } from 'vitest';
import { createBundleSet } from './bundle-set.js';
import { parseJwtBundle } from './jwt-bundle.js';
import { createSpiffeBundle, parseSpiffeBundle, type SpiffeBundle } from './spiffe-bundle.js';
import { base64, caJwk, x5cOf } from './test-support/ca-jwk.js';
import { expectRefusal } from './test-support/expect-refusal.js';
import { AUDIENCE, ecPair, issue, type Json, NOW as JWT_NOW, jwkOf, jwksOf } from './test-support/jwt-issuer.js';
import { type Issued, issueCa, issueLeaf, NOW, OIDS, san, uriName } from './test-support/test-issuer.js';
import { parseTrustDomain } from './trust-domain.js';
import { verifyJwtSvid } from './verify-jwt-svid.js';
import { verifyX509Svid } from './verify-x509-svid.js';
import { createX509Bundle } from './x509-bundle.js';

const td = parseTrustDomain('td');
const otherTd = parseTrustDomain('other');
const root = issueCa(undefined, 'root');
const second = issueCa(undefined, 'second');
const jwtKey = ecPair();
const leafOf = new Map([root, second].map((ca) => [ca, issueLeaf(ca, 'spiffe://td/client')]));

const GOOD = { keys: [caJwk(root), jwkOf(jwtKey, 'k1')], spiffe_sequence: 7, spiffe_refresh_hint: 300 };
const parse = (document: unknown) => parseSpiffeBundle(td, JSON.stringify(document));
const withMember = (member: string) => `{"keys":[],${member}}`;

function acceptsX509(bundle: SpiffeBundle, ca: Issued): void {
  const leaf = leafOf.get(ca) ?? issueLeaf(ca, 'spiffe://td/client');
  const verdict = verifyX509Svid([leaf.der], createBundleSet({ x509: [bundle.x509Bundle] }), { now: NOW, usage: 'client' });
  expect(verdict.bundle).toBe(bundle.x509Bundle);
}

function refusesX509(
  bundle: SpiffeBundle,
  ca: Issued,
  code: 'issuer_untrusted' | 'bundle_without_authority',
  rule: string,
): void {
  expectRefusal(() => acceptsX509(bundle, ca), code, rule);
}

function acceptsJwt(bundle: SpiffeBundle): void {
  const source = createBundleSet({ jwt: [bundle.jwtBundle] });
  expect(verifyJwtSvid(issue(jwtKey), source, { audience: [AUDIENCE], now: JWT_NOW }).bundle).toBe(bundle.jwtBundle);
}

/** The element beside a good one: the good one counts; the element does or does not. */
function expectAuthority(element: unknown, ca: Issued, used: boolean): void {
  const bundle = parse({ keys: [element, caJwk(root)] });
  acceptsX509(bundle, root);
  if (used) acceptsX509(bundle, ca);
  else refusesX509(bundle, ca, 'issuer_untrusted', 'X-18');
  expect(bundle.x509Bundle.authorities).toHaveLength(used ? 2 : 1);
}

describe('parseSpiffeBundle', () => {
  it('reads authorities of both kinds apart, sequence and refresh hint (B-7, B-9, B-11)', () => {
    for (const document of [JSON.stringify(GOOD), new Uint8Array(Buffer.from(`${JSON.stringify(GOOD)}\n`))]) {
      const bundle = parseSpiffeBundle(td, document);
      expect([bundle.trustDomain, bundle.x509Bundle.trustDomain, bundle.jwtBundle.trustDomain]).toEqual([td, td, td]);
      expect(bundle.x509Bundle.authorities.map(({ der }) => Buffer.from(der))).toEqual([root.der]);
      expect(bundle.jwtBundle.keyIds).toEqual(['k1']);
      expect({ sequence: bundle.sequence, hint: bundle.refreshHintMs }).toEqual({ sequence: 7n, hint: 300_000 });
      expect(Object.isFrozen(bundle)).toBe(true);
      acceptsX509(bundle, root);
      acceptsJwt(bundle);
    }
  });

  it('B-1: wants an array named keys', () => {
    expect(parseSpiffeBundle(td, '{"keys":[]}').sequence).toBeUndefined();
    for (const text of [
      '{}',
      '{"keys":{}}',
      '{"keys":null}',
      '[]',
      'null',
      '{"Keys":[]}',
      '',
      '{"keys":[]',
      '\ufeff{"keys":[]}',
    ]) {
      expectRefusal(() => parseSpiffeBundle(td, text), 'jwks_malformed', 'B-1');
    }
    for (const odd of [undefined, null, 1, {}, Buffer.from('{"keys":[],"x":"\xff"}', 'latin1')]) {
      expectRefusal(() => parseSpiffeBundle(td, odd as unknown as string), 'jwks_malformed', 'B-1');
    }
  });

  it('B-2, X-23: a kind without a key trusts nothing, whatever the other kind holds', () => {
    acceptsX509(parse(GOOD), root);
    acceptsJwt(parse({ keys: [jwkOf(jwtKey, 'k1')] }));
    for (const keys of [[], [jwkOf(jwtKey, 'k1')], [caJwk(root, { use: 'x' })]]) {
      refusesX509(parse({ keys }), root, 'bundle_without_authority', 'X-23');
    }
    for (const keys of [[], [caJwk(root)]]) expectRefusal(() => acceptsJwt(parse({ keys })), 'jwt_key_unknown', 'J-6');
  });

  it('B-3: ignores an element of an unknown or missing type', () => {
    for (const kty of ['EC', 'RSA', 'OKP']) expectAuthority(caJwk(second, { kty }), second, true);
    for (const kty of [undefined, 'oct', 'ec', 'AKP', 1, null, ['EC']]) expectAuthority(caJwk(second, { kty }), second, false);
    for (const element of [null, 1, 'x', [], {}, [caJwk(second)]]) expectAuthority(element, second, false);
  });

  it('B-4, B-5, J-17: ignores an element without use, or with one that is not exactly a kind of SVID', () => {
    expectAuthority(caJwk(second), second, true);
    for (const use of [undefined, 'X509-SVID', 'sig', 'jwt-svid', 'wit-svid', '', null, ['x509-svid']]) {
      expectAuthority(caJwk(second, { use }), second, false);
    }
    acceptsJwt(parse({ keys: [jwkOf(jwtKey, 'k1')] }));
    for (const use of [undefined, 'JWT-SVID', 'sig', 'x509-svid']) {
      expect(parse({ keys: [jwkOf(jwtKey, 'k1', { use })] }).jwtBundle.keyIds).toEqual([]);
    }
  });

  it('J-16: an X.509 authority verifies no token, though it has a kid', () => {
    const bundle = parse({ keys: [caJwk(root, { kid: 'k1' })] });
    acceptsX509(bundle, root);
    const token = issue(root.key);
    const source = createBundleSet({ jwt: [bundle.jwtBundle] });
    expectRefusal(() => verifyJwtSvid(token, source, { audience: [AUDIENCE], now: JWT_NOW }), 'jwt_key_unknown', 'J-6');
  });

  it('J-21: two JWT keys of one kid are both unusable, the rest counts', () => {
    const bundle = parse({ keys: [jwkOf(ecPair(), 'twice'), jwkOf(ecPair(), 'twice'), jwkOf(jwtKey, 'k1')] });
    expect(bundle.jwtBundle.keyIds).toEqual(['k1']);
  });

  it('B-6: extra members do not matter, and a certificate is enough', () => {
    const element = { ...caJwk(second), kid: 1, alg: 'none', x5t: {}, n: null };
    const bundle = parse({ ...GOOD, keys: [element], more: [1e9], trust_domain: 'other' });
    acceptsX509(bundle, second);
    expectAuthority({ kty: 'EC', use: 'x509-svid', x5c: x5cOf(second) }, second, true);
  });

  const notCa = issueLeaf(root, 'spiffe://td/client');
  it.each<[string, Json]>([
    ['absent', { x5c: undefined }],
    ['empty', { x5c: [] }],
    ['null', { x5c: null }],
    ['text', { x5c: base64(second) }],
    ['an object', { x5c: { 0: base64(second) } }],
    ['a number first', { x5c: [1, base64(second)] }],
    ['a list first', { x5c: [x5cOf(second)] }],
    ['an empty text first', { x5c: ['', base64(second)] }],
    ['base64url first', { x5c: [second.der.toString('base64url')] }],
    ['wrapped base64', { x5c: [base64(second).replace(/.{64}/g, '$&\n')] }],
    ['PEM', { x5c: [`-----BEGIN CERTIFICATE-----\n${base64(second)}\n-----END CERTIFICATE-----`] }],
    ['a cut certificate', { x5c: [second.der.subarray(0, -1).toString('base64')] }],
    ['two certificates in one value', { x5c: [Buffer.concat([second.der, second.der]).toString('base64')] }],
    ['a leaf', { x5c: x5cOf(notCa) }],
  ])('X-21: ignores an entry only, when its x5c is %s', (_name, changes) => {
    expectAuthority(caJwk(second), second, true);
    expectAuthority(caJwk(second, changes), second, false);
  });

  it('X-22: only the first value of x5c counts', () => {
    const rest = [base64(root), 1, null, 'x'];
    expectAuthority(caJwk(second, { x5c: [base64(second), ...rest] }), second, true);
    expectAuthority(caJwk(second, { x5c: [base64(root), base64(second)] }), second, false);
    expectAuthority(caJwk(second, { x5c: [...x5cOf(notCa), base64(second)] }), second, false);
  });

  it('X-19, D4: the SPIFFE ID of a CA never matters', () => {
    for (const id of ['spiffe://td/', 'spiffe://td', 'spiffe://other/ca', 'https://x']) {
      const ca = issueCa(undefined, 'ca', { extensions: { [OIDS.san]: san([uriName(id)]) } });
      expectAuthority(caJwk(ca), ca, true);
    }
  });

  it('J-20: ignores an authority whose private key is published', () => {
    expectAuthority(caJwk(second), second, true);
    expectAuthority(caJwk(second, second.key.privateKey.export({ format: 'jwk' }) as Json), second, false);
    expectAuthority(caJwk(second, { d: null }), second, false);
  });

  it.each(['0', '1', '9007199254740993', '18446744073709551615'])('B-7: the sequence %s is exact', (sequence) => {
    expect(parseSpiffeBundle(td, withMember(`"spiffe_sequence":${sequence}`)).sequence).toBe(BigInt(sequence));
  });

  it.each(['"1"', '1.5', '1.0', '1e3', '-1', '-0', 'null', 'true', '[]', '18446744073709551616', '9'.repeat(100_000), '1e400'])(
    'B-7: %.20s is no sequence',
    (sequence) => {
      expectRefusal(() => parseSpiffeBundle(td, withMember(`"spiffe_sequence":${sequence}`)), 'bundle_sequence', 'B-7');
    },
  );

  it.each([
    ['0', 0],
    ['1', 1000],
    ['300', 300_000],
    ['9007199254740', 9_007_199_254_740_000],
  ])('B-9: the refresh hint %s is %i ms', (seconds, refreshHintMs) => {
    expect(parseSpiffeBundle(td, withMember(`"spiffe_refresh_hint":${seconds}`)).refreshHintMs).toBe(refreshHintMs);
  });

  it.each(['"300"', '0.5', '300.0', '3e2', '-1', 'null', '{}', '9007199254741', '1e400'])(
    'B-9: %s is no refresh hint',
    (hint) => {
      expectRefusal(() => parseSpiffeBundle(td, withMember(`"spiffe_refresh_hint":${hint}`)), 'bundle_refresh_hint', 'B-9');
    },
  );

  it('B-17: refuses duplicate members anywhere', () => {
    const key = JSON.stringify(caJwk(root));
    acceptsX509(parseSpiffeBundle(td, `{"keys":[${key},${JSON.stringify(caJwk(second))}]}`), second);
    for (const text of [
      `{"keys":[],"keys":[${key}]}`,
      `{"keys":[],"k\\u0065ys":[${key}]}`,
      '{"keys":[],"spiffe_sequence":1,"spiffe_sequence":1}',
      `{"keys":[${key.replace('}', ',"use":"x509-svid"}')}]}`,
      '{"keys":[],"x":{"a":1,"a":1}}',
    ]) {
      expectRefusal(() => parseSpiffeBundle(td, text), 'jwks_duplicate_member', 'B-17');
    }
  });

  it('B-18: 4 MiB and not a byte more', () => {
    const limit = 4 * 1024 * 1024;
    expect(parseSpiffeBundle(td, jwksOf().padEnd(limit)).jwtBundle.keyIds).toEqual([]);
    expectRefusal(() => parseSpiffeBundle(td, jwksOf().padEnd(limit + 1)), 'jwks_too_large', 'B-18');
    expectRefusal(() => parseSpiffeBundle(td, Buffer.alloc(limit + 1, ' ')), 'jwks_too_large', 'B-18');
    expectRefusal(() => parseSpiffeBundle(td, withMember(`"x":${'['.repeat(40)}`)), 'jwks_too_deep', 'B-18');
  });
});

describe('createSpiffeBundle', () => {
  const x509Bundle = createX509Bundle(td, [root.der]);
  const jwtBundle = parseJwtBundle(td, jwksOf(jwkOf(jwtKey, 'k1')), { keysWithoutUse: 'ignore' });

  it('joins what it is given; what it is not given trusts nothing', () => {
    const bundle = createSpiffeBundle(td, { x509Bundle, jwtBundle, sequence: 1n, refreshHintMs: 60_000 });
    expect(bundle.x509Bundle).toBe(x509Bundle);
    expect(bundle.jwtBundle).toBe(jwtBundle);
    const empty = createSpiffeBundle(td, {});
    expect([empty.x509Bundle.authorities, empty.jwtBundle.keyIds, empty.sequence, empty.refreshHintMs]).toEqual([
      [],
      [],
      undefined,
      undefined,
    ]);
  });

  it('X-17: refuses keys of another trust domain', () => {
    for (const content of [{ x509Bundle }, { jwtBundle }]) {
      expect(createSpiffeBundle(td, content).trustDomain).toBe(td);
      expectRefusal(() => createSpiffeBundle(otherTd, content), 'bundle_of_other_trust_domain', 'X-17');
    }
  });

  it('B-7, B-9: refuses what could not be published', () => {
    expect(createSpiffeBundle(td, { sequence: 2n ** 64n - 1n, refreshHintMs: 0 }).refreshHintMs).toBe(0);
    for (const sequence of [-1n, 2n ** 64n, 1 as unknown as bigint]) {
      expect(() => createSpiffeBundle(td, { sequence })).toThrow(RangeError);
    }
    for (const refreshHintMs of [1500, -1000, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, 1000n as unknown as number]) {
      expect(() => createSpiffeBundle(td, { refreshHintMs })).toThrow(RangeError);
    }
  });

  it('says whether two bundles are equal', () => {
    const content = { x509Bundle, jwtBundle, sequence: 1n, refreshHintMs: 60_000 };
    const bundle = createSpiffeBundle(td, content);
    expect(bundle.equals(createSpiffeBundle(td, content))).toBe(true);
    for (const change of [
      { x509Bundle: createX509Bundle(td, [second.der]) },
      { jwtBundle: undefined },
      { sequence: 2n },
      { sequence: undefined },
      { refreshHintMs: undefined },
    ]) {
      expect(bundle.equals(createSpiffeBundle(td, { ...content, ...change }))).toBe(false);
    }
    expect(createSpiffeBundle(td, {}).equals(createSpiffeBundle(otherTd, {}))).toBe(false);
  });
});
