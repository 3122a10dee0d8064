import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { SpiffeErrorCode } from './error-codes.js';
import { directory, email } from './test-support/bad-certificates.js';
import { ascii, integerBytes, oid, sequence, set, smallInteger, tlv } from './test-support/der-writer.js';
import {
  basicConstraints,
  type CertificateSpec,
  dnsName,
  type Extension,
  encodeExtension,
  extension,
  HOUR_MS,
  type Issued,
  ipName,
  issueCa,
  issueLeaf,
  keyUsage,
  nameConstraints,
  OIDS,
  san,
  uriName,
} from './test-support/test-issuer.js';
import { tlsVerdict } from './test-support/tls-verdict.js';
import { accept, bundleOf, expectCode, sourceOf } from './test-support/x509-expect.js';
import { verifyX509Svid } from './verify-x509-svid.js';

const now = Date.now();
const valid = { notBefore: now - HOUR_MS, notAfter: now + HOUR_MS };
const ID = 'spiffe://td/a';
const root = issueCa(undefined, 'root', valid);

type Case = readonly [chain: readonly Issued[], roots: readonly Issued[]];

const having = (...list: readonly Extension[]): CertificateSpec => ({
  extensions: Object.fromEntries(list.map((one) => [one.oid, one])),
});
const lacking = (...ids: readonly string[]): CertificateSpec => ({ extensions: Object.fromEntries(ids.map((id) => [id, null])) });

const leaf = (spec: CertificateSpec): Case => [[issueLeaf(root, ID, { ...valid, ...spec })], [root]];
function intermediate(spec: CertificateSpec, leafSpec: CertificateSpec = {}): Case {
  const ca = issueCa(root, 'ca', { ...valid, ...spec });
  return [[issueLeaf(ca, ID, { ...valid, ...leafSpec }), ca], [root]];
}
function anchor(spec: CertificateSpec): Case {
  const other = issueCa(undefined, 'root', { ...valid, ...spec });
  return [[issueLeaf(other, ID, valid)], [other]];
}
/** An intermediate with these constraints, and a leaf that has one more name. */
const constrained = (trees: Parameters<typeof nameConstraints>[0], ...more: readonly Uint8Array[]): Case =>
  intermediate(having(nameConstraints(trees)), having(san([uriName(ID), ...more])));
const names = (...list: readonly Uint8Array[]): Case => leaf(having(san(list)));

const text = (tag: number, value: string) => sequence(set(sequence(oid('2.5.4.3'), tlv(tag, Buffer.from(value)))));
const otherName = (type: string, value = 'x') => tlv(0xa0, oid(type), tlv(0xa0, tlv(0x0c, Buffer.from(value))));
const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 });
const rsaWithNull = sequence(oid('1.2.840.113549.1.1.11'), tlv(0x05));

function longChain(): Case {
  const cas = [root];
  while (cas.length < 11) cas.push(issueCa(cas.at(-1), `ca ${cas.length}`, valid));
  return [[issueLeaf(cas.at(-1) ?? root, ID, valid), ...cas.slice(1).reverse()], [root]];
}

test('the chains below, without what makes them odd, are accepted by both', async () => {
  for (const [chain, roots] of [leaf({}), intermediate({}), anchor({}), constrained({ permitted: [uriName('td')] })]) {
    accept(chain, roots, now);
    expect(await tlsVerdict(chain, roots)).toBe('accepted');
  }
});

/** Everything that Node's TLS accepts and we refuse, as far as is known. */
const STRICTER: Readonly<Record<string, readonly (readonly [string, Case, SpiffeErrorCode])[]>> = {
  'X509-SVID leaves': [
    ['no SAN', leaf(lacking(OIDS.san)), 'uri_san_missing'],
    ['two URIs', names(uriName(ID), uriName(ID)), 'uri_san_several'],
    ['upper case in the trust domain', names(uriName('spiffe://TD/a')), 'leaf_id_invalid'],
    ['an ID without a path', names(uriName('spiffe://td')), 'leaf_id_without_path'],
    ['cA', leaf(having(basicConstraints(true))), 'leaf_is_ca'],
    ['keyCertSign', leaf(having(keyUsage([0, 5]))), 'leaf_may_sign'],
    ['cRLSign', leaf(having(keyUsage([0, 6]))), 'leaf_may_sign'],
    ['no keyUsage', leaf(lacking(OIDS.keyUsage)), 'leaf_key_usage_missing'],
    ['keyUsage that is not critical', leaf(having(keyUsage([0], false))), 'leaf_key_usage_not_critical'],
    ['keyAgreement alone', leaf(having(keyUsage([4]))), 'leaf_without_digital_signature'],
    ['a plain SAN and no subject', leaf({ subject: '' }), 'san_not_critical'],
    ['name constraints', leaf(having(nameConstraints({ permitted: [uriName('td')] }))), 'name_constraints_on_leaf'],
  ],
  issuers: [
    ['an intermediate without keyUsage', intermediate(lacking(OIDS.keyUsage)), 'issuer_may_not_sign'],
    ['a root without basicConstraints', anchor(lacking(OIDS.basicConstraints)), 'x509_bundle_entry_not_ca'],
    ['a root of version 1', anchor({ version: Buffer.alloc(0), noExtensions: true }), 'certificate_version'],
    ['issuer and subject differ in case', intermediate({}, { issuer: 'CA' }), 'issuer_untrusted'],
    ['issuer and subject differ in string type', intermediate({}, { issuer: text(0x13, 'ca') }), 'issuer_untrusted'],
    ['eleven certificates', longChain(), 'chain_too_many_certificates'],
  ],
  'keys and algorithms': [
    ['P-224', intermediate({ key: generateKeyPairSync('ec', { namedCurve: 'P-224' }) }), 'certificate_key_unsupported'],
    ['secp256k1', intermediate({ key: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }) }), 'certificate_key_unsupported'],
    ['RSA of 1024 bit', intermediate({ key: rsa1024 }, { algorithm: rsaWithNull }), 'certificate_key_unsupported'],
    ['an RSA algorithm without NULL', rsaWithoutNull(), 'signature_algorithm_unsupported'],
  ],
  encoding: [
    ['version 1', leaf({ version: Buffer.alloc(0), noExtensions: true }), 'certificate_version'],
    ['version 2 with extensions', leaf({ version: tlv(0xa0, smallInteger(1)) }), 'certificate_version'],
    ['a negative serial number', leaf({ serial: integerBytes(0x80) }), 'certificate_malformed'],
    ['a serial number of 21 bytes', leaf({ serial: integerBytes(...new Array(21).fill(1)) }), 'certificate_malformed'],
    [
      'an unknown extension twice',
      leaf({ rawExtensions: [1, 2].map(() => encodeExtension(extension('1.2.3', false, Buffer.from([5, 0])))) }),
      'certificate_malformed',
    ],
    [
      'a year before 2050 in GeneralizedTime',
      leaf({ validity: sequence(tlv(0x18, ascii('20200101000000Z')), tlv(0x18, ascii('20490101000000Z'))) }),
      'certificate_malformed',
    ],
    ['33 names', names(uriName(ID), ...Array.from({ length: 32 }, () => dnsName('a'))), 'san_too_many_entries'],
    [
      'a minimum that is encoded though it is 0',
      intermediate(
        having(extension(OIDS.nameConstraints, true, sequence(tlv(0xa0, sequence(uriName('td'), tlv(0x80, Buffer.from([0]))))))),
      ),
      'der_malformed',
    ],
  ],
  'name constraints': [
    ['a URI for a URI constraint', constrained({ excluded: [uriName('spiffe://x')] }), 'name_constraint_unprocessable'],
    ['a URI constraint that is no host', constrained({ excluded: [uriName('a b')] }), 'name_constraint_unprocessable'],
    ['a DNS constraint with a dot', constrained({ permitted: [dnsName('.b')] }, dnsName('a.b')), 'name_constraint_unprocessable'],
    ['a wildcard', constrained({ permitted: [dnsName('b')] }, dnsName('*.b')), 'name_constraint_unprocessable'],
    [
      'a DNS name that ends in a dot',
      constrained({ excluded: [dnsName('x')] }, dnsName('a.b.')),
      'name_constraint_unprocessable',
    ],
    [
      'a mask with gaps',
      constrained({ permitted: [ipName(10, 0, 0, 0, 255, 0, 255, 0)] }, ipName(10, 0, 0, 1)),
      'name_constraint_unprocessable',
    ],
    ['a quoted mailbox', constrained({ excluded: [email('x')] }, email('"a"@td')), 'name_constraint_unprocessable'],
    ['a mailbox at an address', constrained({ excluded: [email('x')] }, email('a@[10.0.0.1]')), 'name_constraint_unprocessable'],
    [
      'an e-mail constraint of a mere host',
      constrained({ excluded: [email('@x')] }, email('a@td')),
      'name_constraint_unprocessable',
    ],
    [
      'an internationalized mailbox',
      constrained({ permitted: [email('td')] }, otherName('1.3.6.1.5.5.7.8.9', 'ä@td')),
      'name_constraint_unprocessable',
    ],
    [
      'excluded, but for the letter case of ü',
      constrained({ excluded: [directory('ü')] }, directory('Ü')),
      'name_constraint_violated',
    ],
    [
      'excluded, but for wide letters',
      constrained({ excluded: [directory('evil')] }, directory('ｅvil')),
      'name_constraint_violated',
    ],
    [
      'an invisible character',
      constrained({ excluded: [directory('x')] }, directory('a\u00adb')),
      'name_constraint_unprocessable',
    ],
    [
      'a Teletex string',
      constrained({ excluded: [directory('x')] }, tlv(0xa4, text(0x14, 'y'))),
      'name_constraint_unprocessable',
    ],
    [
      'other names of different types',
      constrained({ excluded: [otherName('1.2.3')] }, otherName('1.2.4')),
      'name_constraint_unprocessable',
    ],
  ],
};

describe.each(Object.entries(STRICTER))('stricter than Node: %s', (_group, cases) => {
  test.each(cases)('%s', async (_what, [chain, roots], code) => {
    expect(await tlsVerdict(chain, roots)).toBe('accepted');
    // A bad root does not even get into a bundle.
    expectCode(() => accept(chain, roots, now), code);
  });
});

test('stricter than Node: an IP address for a host under any URI constraint', async () => {
  const ca = issueCa(root, 'ca', { ...valid, ...having(nameConstraints({ excluded: [uriName('x')] })) });
  const chain = [issueLeaf(ca, 'spiffe://10.0.0.1/a', valid), ca];
  expect(await tlsVerdict(chain, [root])).toBe('accepted');
  const source = sourceOf(bundleOf('10.0.0.1', root));
  const ders = chain.map((one) => one.der);
  expectCode(() => verifyX509Svid(ders, source, { now, usage: 'client' }), 'name_constraint_violated');
});

function rsaWithoutNull(): Case {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const other = issueCa(undefined, 'root', { ...valid, key, algorithm: rsaWithNull });
  return [[issueLeaf(other, ID, { ...valid, algorithm: sequence(oid('1.2.840.113549.1.1.11')) })], [other]];
}
