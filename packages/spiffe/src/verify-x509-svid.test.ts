import { describe, expect, test } from 'vitest';
import { bitString, sequence, tlv } from './test-support/der-writer.js';
import {
  basicConstraints,
  type CertificateSpec,
  dnsName,
  extendedKeyUsage,
  extension,
  HOUR_MS,
  issueCa,
  issueLeaf,
  keyUsage,
  NOW,
  nameConstraints,
  OIDS,
  san,
  unknownExtension,
  uriName,
} from './test-support/test-issuer.js';
import { accept, bundleOf, expectCode, refuse, sourceOf, USAGES } from './test-support/x509-expect.js';
import { verifyX509Svid } from './verify-x509-svid.js';

const ID = 'spiffe://td/a';
const root = issueCa(undefined, 'root');
const intermediate = issueCa(root, 'intermediate');
const leafWith = (spec: CertificateSpec, id = ID) => [issueLeaf(intermediate, id, spec), intermediate];

test('a good chain proves its ID, in both roles', () => {
  const verified = accept(leafWith({}), [root]);
  expect(verified.id.toString()).toBe(ID);
  expect(verified.validUntil).toBe(NOW + HOUR_MS);
  expect(Buffer.from(verified.anchor.der)).toEqual(root.der);
  expect(Object.isFrozen(verified)).toBe(true);
});

describe('leaf rules', () => {
  const withSan = (...names: readonly Uint8Array[]): CertificateSpec => ({ extensions: { [OIDS.san]: san(names) } });
  const withUsage = (value: ReturnType<typeof keyUsage> | null): CertificateSpec => ({ extensions: { [OIDS.keyUsage]: value } });

  test.each([
    ['X-1 other names beside one URI', withSan(dnsName('a.example'), uriName(ID), dnsName('b.example'))],
    ['X-4 no basicConstraints', { extensions: { [OIDS.basicConstraints]: null } }],
    ['X-7 digitalSignature and keyAgreement', withUsage(keyUsage([0, 4]))],
    ['X-8 no extended key usage', { extensions: { [OIDS.extendedKeyUsage]: null } }],
    ['X-8 any', { extensions: { [OIDS.extendedKeyUsage]: extendedKeyUsage('2.5.29.37.0') } }],
    ['X-9 empty subject with a critical SAN', { subject: '', extensions: { [OIDS.san]: san([uriName(ID)], true) } }],
    ['X-16 unknown extension, not critical', { extensions: { x: unknownExtension(false) } }],
    ['X-26 32 SAN entries', withSan(...Array.from({ length: 31 }, () => dnsName('a')), uriName(ID))],
    ['unique identifiers', { uniqueIds: [tlv(0x81, Buffer.from([0, 1])), tlv(0x82, Buffer.from([0, 1]))] }],
  ] satisfies [string, CertificateSpec][])('accepts %s', (_rule, spec) => {
    expect(accept(leafWith(spec), [root]).id.toString()).toBe(ID);
  });

  test.each([
    ['X-1 no SAN', { extensions: { [OIDS.san]: null } }, 'uri_san_missing'],
    ['X-1 no URI', withSan(dnsName('td')), 'uri_san_missing'],
    ['X-1 two URIs', withSan(uriName(ID), uriName('spiffe://td/b')), 'uri_san_several'],
    ['X-1 the same URI twice', withSan(uriName(ID), uriName(ID)), 'uri_san_several'],
    ['X-1 a second https URI', withSan(uriName(ID), uriName('https://td/')), 'uri_san_several'],
    ['X-2 not SPIFFE', withSan(uriName('https://td/a')), 'leaf_id_invalid'],
    ['X-2 a port', withSan(uriName('spiffe://td:1/a')), 'leaf_id_invalid'],
    ['X-2 NUL', withSan(uriName('spiffe://td/a\0b')), 'leaf_id_invalid'],
    ['X-2 CR LF', withSan(uriName('spiffe://td/a\r\n')), 'leaf_id_invalid'],
    ['X-3 no path', withSan(uriName('spiffe://td')), 'leaf_id_without_path'],
    ['X-4 cA', { extensions: { [OIDS.basicConstraints]: basicConstraints(true) } }, 'leaf_is_ca'],
    ['X-5 keyCertSign', withUsage(keyUsage([0, 5])), 'leaf_may_sign'],
    ['X-5 cRLSign', withUsage(keyUsage([0, 6])), 'leaf_may_sign'],
    ['X-6 no key usage', withUsage(null), 'leaf_key_usage_missing'],
    ['X-6 key usage not critical', withUsage(keyUsage([0], false)), 'leaf_key_usage_not_critical'],
    ['X-7 keyEncipherment only', withUsage(keyUsage([2])), 'leaf_without_digital_signature'],
    [
      'X-7 decipherOnly only',
      withUsage(extension(OIDS.keyUsage, true, bitString(Buffer.from([0x00, 0x80]), 7))),
      'leaf_without_digital_signature',
    ],
    ['X-9 empty subject, plain SAN', { subject: '' }, 'san_not_critical'],
    [
      'X-15 name constraints on a leaf',
      { extensions: { n: nameConstraints({ permitted: [uriName('td')] }) } },
      'name_constraints_on_leaf',
    ],
    ['X-26 33 SAN entries', withSan(...Array.from({ length: 32 }, () => dnsName('a')), uriName(ID)), 'san_too_many_entries'],
  ] as const)('refuses %s', (_rule, spec, code) => {
    refuse(leafWith(spec), [root], code);
  });

  test('X-8: a leaf for one role is refused in the other, and requireBothUsages asks for both', () => {
    const source = sourceOf(bundleOf('td', root));
    for (const usage of USAGES) {
      const other = usage === 'client' ? 'server' : 'client';
      const purposes = extendedKeyUsage(usage === 'client' ? OIDS.clientAuth : OIDS.serverAuth);
      const chain = leafWith({ extensions: { [OIDS.extendedKeyUsage]: purposes } }).map((one) => one.der);
      expect(verifyX509Svid(chain, source, { now: NOW, usage }).id.toString()).toBe(ID);
      expectCode(() => verifyX509Svid(chain, source, { now: NOW, usage: other }), 'extended_key_usage');
      expectCode(() => verifyX509Svid(chain, source, { now: NOW, usage, requireBothUsages: true }), 'extended_key_usage');
    }
    const both = leafWith({}).map((one) => one.der);
    expect(verifyX509Svid(both, source, { now: NOW, usage: 'client', requireBothUsages: true }).id.toString()).toBe(ID);
  });

  test.each([
    '1.2.6.1.5.5.7.3',
    '1.3.5.1.5.5.7.3',
    '1.3.6.2.5.5.7.3',
    '1.3.6.1.4.5.7.3',
    '1.3.6.1.5.4.7.3',
    '1.3.6.1.5.5.8.3',
    '1.3.6.1.5.5.7.4',
    '1.3.6.1.4.1.311',
    '1.3.6.1.5.5.7.386',
    '1.3.6.1.5.5.7.3.1',
    '1.3.6.1.5.5.7',
  ])('X-8: purposes below %s are none of ours, however alike they look', (arc) => {
    const near = extendedKeyUsage(`${arc}.1`, `${arc}.2`);
    refuse(leafWith({ extensions: { [OIDS.extendedKeyUsage]: near } }), [root], 'extended_key_usage');
    const beside = extendedKeyUsage(`${arc}.1`, `${arc}.2`, OIDS.clientAuth, OIDS.serverAuth);
    accept(leafWith({ extensions: { [OIDS.extendedKeyUsage]: beside } }), [root]);
  });

  test('X-8: a role that does not exist is refused, also for a leaf without extended key usage', () => {
    const chain = leafWith({ extensions: { [OIDS.extendedKeyUsage]: null } }).map((one) => one.der);
    const verify = (usage: unknown) =>
      verifyX509Svid(chain, sourceOf(bundleOf('td', root)), { now: NOW, usage: usage as 'client' });
    expect(verify('client').id.toString()).toBe(ID);
    for (const usage of [undefined, 'Client', 'constructor']) expect(() => verify(usage)).toThrow(TypeError);
  });

  test('X-8: an intermediate or anchor with extended key usage narrows; one without does not', () => {
    const clientOnly = { extensions: { [OIDS.extendedKeyUsage]: extendedKeyUsage(OIDS.clientAuth) } };
    const narrow = issueCa(root, 'narrow', clientOnly);
    const narrowRoot = issueCa(undefined, 'narrow root', clientOnly);
    for (const [chain, anchor] of [
      [[issueLeaf(narrow, ID), narrow], root],
      [[issueLeaf(narrowRoot, ID)], narrowRoot],
    ] as const) {
      const ders = chain.map((one) => one.der);
      const source = sourceOf(bundleOf('td', anchor));
      expect(verifyX509Svid(ders, source, { now: NOW, usage: 'client' }).id.toString()).toBe(ID);
      expectCode(() => verifyX509Svid(ders, source, { now: NOW, usage: 'server' }), 'extended_key_usage');
    }
  });

  test('X-10: a self-signed CA with a valid ID, in the bundle or not, is no peer', () => {
    const named = issueCa(undefined, 'named', { extensions: { [OIDS.san]: san([uriName(ID)]) } });
    refuse([named], [named], 'leaf_is_ca');
    refuse([named], [root], 'leaf_is_ca');
  });
});

test('X-2: the refusal of an ID says why', () => {
  const [leaf, ca] = leafWith({}, 'spiffe://TD/a').map((one) => one.der);
  const attempt = () => verifyX509Svid([leaf ?? root.der, ca ?? root.der], sourceOf(), { now: NOW, usage: 'client' });
  expectCode(attempt, 'leaf_id_invalid');
  expect(attempt).toThrow(expect.objectContaining({ cause: expect.objectContaining({ name: 'SpiffeError' }) }));
});

describe('trust domains (X-17, TX-1)', () => {
  const rootB = issueCa(undefined, 'root b');
  const intermediateB = issueCa(rootB, 'intermediate b');
  const bundleB = bundleOf('b', rootB);
  const source = sourceOf(bundleOf('td', root), bundleB, bundleOf('constructor', root));

  test.each([
    ["B's root", [issueLeaf(rootB, ID)]],
    ["B's root, sent along", [issueLeaf(rootB, ID), rootB]],
    ["B's intermediate", [issueLeaf(intermediateB, ID), intermediateB, rootB]],
  ] as const)('an ID of td signed by %s is refused with both bundles at hand', (_signer, chain) => {
    for (const usage of USAGES) {
      const ders = chain.map((one) => one.der);
      expectCode(() => verifyX509Svid(ders, source, { now: NOW, usage }), 'issuer_untrusted');
    }
  });

  test('the same signer may name its own domain, and only the same-named root of td counts for td', () => {
    const own = [issueLeaf(intermediateB, 'spiffe://b/a'), intermediateB].map((one) => one.der);
    expect(verifyX509Svid(own, source, { now: NOW, usage: 'client' }).bundle).toBe(bundleB);
    const impostor = issueCa(undefined, 'root');
    refuse([issueLeaf(impostor, ID)], [root], 'signature_invalid');
  });

  test('no bundle, an empty bundle, and a bundle under another name', () => {
    const chain = [issueLeaf(root, ID).der];
    const options = { now: NOW, usage: 'client' } as const;
    expectCode(() => verifyX509Svid(chain, sourceOf(), options), 'trust_domain_without_bundle');
    expectCode(() => verifyX509Svid(chain, sourceOf(bundleOf('td')), options), 'bundle_without_authority');
    const confused = { x509Bundle: () => bundleOf('b', root) };
    expectCode(() => verifyX509Svid(chain, confused, options), 'bundle_of_other_trust_domain');
  });

  test('TX-13: a trust domain may be called constructor', () => {
    const chain = [issueLeaf(root, 'spiffe://constructor/a').der];
    expect(verifyX509Svid(chain, source, { now: NOW, usage: 'client' }).id.trustDomain.name).toBe('constructor');
  });
});

describe('limits (X-26)', () => {
  const leaf = issueLeaf(root, ID);

  test('1 to 10 certificates, 64 KiB', () => {
    accept([leaf, ...Array.from({ length: 9 }, () => intermediate)], [root]);
    refuse([leaf, ...Array.from({ length: 10 }, () => intermediate)], [root], 'chain_too_many_certificates');
    refuse([], [root], 'chain_empty');
    const padding = { oid: '1.3.6.1.4.1.55555.2', critical: false, value: Buffer.alloc(64 * 1024) };
    refuse([leaf, issueCa(root, 'large', { extensions: { padding } })], [root], 'chain_too_large');
  });

  test('a chain that is no list of bytes is refused before anything is allocated for it', () => {
    const verify = (chain: unknown) =>
      verifyX509Svid(chain as Uint8Array[], sourceOf(bundleOf('td', root)), { now: NOW, usage: 'client' });
    for (const odd of [undefined, null, 'x', {}]) expectCode(() => verify(odd), 'chain_empty');
    for (const odd of [undefined, null, 4e9, 'x', { length: 1 }, Array.from(leaf.der), leaf.der.buffer]) {
      expectCode(() => verify([leaf.der, odd]), 'der_malformed');
    }
  });

  test('a certificate that cannot be read refuses the chain', () => {
    refuse([leaf, { ...intermediate, der: sequence() }], [root], 'der_malformed');
    refuse([leaf, { ...intermediate, der: Buffer.concat([intermediate.der, Buffer.from([0])]) }], [root], 'der_malformed');
  });
});

test('TX-9: text inside of other names cannot add a URI', () => {
  for (const name of [dnsName('a, URI:spiffe://td/admin'), dnsName('a", URI:"spiffe://td/admin'), dnsName('a\0b')]) {
    const chain = leafWith({ extensions: { [OIDS.san]: san([name, uriName(ID)]) } });
    expect(accept(chain, [root]).id.toString()).toBe(ID);
  }
  for (const text of [`${ID}, URI:spiffe://td/admin`, `${ID}\nURI:spiffe://td/admin`, `${ID}\0`]) {
    refuse(leafWith({}, text), [root], 'leaf_id_invalid');
  }
});
