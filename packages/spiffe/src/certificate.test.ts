import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseCertificate } from './certificate.js';
import {
  ascii,
  bitString,
  boolean,
  integerBytes,
  octetString,
  oid,
  sequence,
  smallInteger,
  tlv,
} from './test-support/der-writer.js';
import {
  type CertificateSpec,
  encodeExtension,
  extendedKeyUsage,
  extension,
  issueCa,
  issueLeaf,
  keyUsage,
  OIDS,
  san,
  uriName,
} from './test-support/test-issuer.js';
import { expectCode } from './test-support/x509-expect.js';

const ID = 'spiffe://td/a';
const root = issueCa(undefined, 'root');
const der = (spec: CertificateSpec) => issueLeaf(root, ID, spec).der;

test('the bytes are a copy: what happens to the input afterwards does not matter', () => {
  const input = Buffer.from(root.der);
  const certificate = parseCertificate(input);
  input.fill(0);
  expect(Buffer.from(certificate.der)).toEqual(root.der);
  expect(certificate.publicKey.asymmetricKeyType).toBe('ec');
  expect(certificate.publicKey).toBe(certificate.publicKey);
});

describe('refuses', () => {
  const utc = (text: string) => tlv(0x17, ascii(text));
  const generalized = (text: string) => tlv(0x18, ascii(text));
  const good = utc('261122120000Z');
  const san32 = encodeExtension(san([uriName(ID)]));

  test('validity: the two forms of RFC 5280 and no other', () => {
    const from = (notBefore: Uint8Array) => parseCertificate(der({ validity: sequence(notBefore, good) })).notBefore;
    expect(from(utc('500101000000Z'))).toBe(Date.UTC(1950, 0, 1));
    expect(from(utc('491231235959Z'))).toBe(Date.UTC(2049, 11, 31, 23, 59, 59));
    expect(from(generalized('20500101000000Z'))).toBe(Date.UTC(2050, 0, 1));
    expect(from(generalized('99991231235959Z'))).toBe(Date.UTC(9999, 11, 31, 23, 59, 59));
    expect(from(utc('240229000000Z'))).toBe(Date.UTC(2024, 1, 29));
    for (const bad of [
      utc('2611221200Z'),
      utc('261122120000+0000'),
      utc('261122120000'),
      utc('261122120000z'),
      utc('261122120060Z'),
      utc('261122240000Z'),
      utc('260229000000Z'),
      utc('261300000000Z'),
      utc('260100000000Z'),
      utc('26 122120000Z'),
      utc('261122120000Z\n'),
      utc('20261122120000Z'),
      generalized('20261122120000Z'),
      generalized('205001010000Z'),
      generalized('20500101000000.5Z'),
      generalized('20500101000000+0100'),
      generalized('500101000000Z'),
      tlv(0x16, ascii('261122120000Z')),
    ]) {
      expectCode(() => from(bad), 'certificate_malformed');
    }
    expectCode(() => parseCertificate(der({ validity: sequence(good, good, good) })), 'der_malformed');
  });

  test.each([
    ['an extension twice', { rawExtensions: [san32] }, 'certificate_malformed'],
    [
      'an unknown extension twice',
      { rawExtensions: [1, 2].map(() => encodeExtension(extension('1.2.3', false, boolean(true)))) },
      'certificate_malformed',
    ],
    [
      'an empty list of extensions',
      { extensions: { [OIDS.san]: null, [OIDS.keyUsage]: null, [OIDS.basicConstraints]: null, [OIDS.extendedKeyUsage]: null } },
      'certificate_malformed',
    ],
    [
      'bytes after an extension value',
      {
        extensions: {
          [OIDS.keyUsage]: extension(OIDS.keyUsage, true, Buffer.concat([bitString(Buffer.from([0x80]), 7), Buffer.from([0])])),
        },
      },
      'der_malformed',
    ],
    [
      'a field too many in an extension',
      { rawExtensions: [sequence(oid('1.2.3'), octetString(), smallInteger(1))] },
      'der_malformed',
    ],
    ['a keyUsage without a usage', { extensions: { [OIDS.keyUsage]: keyUsage([]) } }, 'certificate_malformed'],
    ['an empty SAN', { extensions: { [OIDS.san]: san([]) } }, 'certificate_malformed'],
    ['an empty extended key usage', { extensions: { [OIDS.extendedKeyUsage]: extendedKeyUsage() } }, 'certificate_malformed'],
    ['a SAN of an unknown form', { extensions: { [OIDS.san]: san([tlv(0x89)]) } }, 'certificate_malformed'],
    ['a universal tag in a SAN', { extensions: { [OIDS.san]: san([tlv(0x16, ascii(ID))]) } }, 'certificate_malformed'],
    ['a constructed URI', { extensions: { [OIDS.san]: san([tlv(0xa6, ascii(ID))]) } }, 'certificate_malformed'],
    ['a URI that is not ASCII', { extensions: { [OIDS.san]: san([uriName('spiffe://td/\xe9')]) } }, 'certificate_malformed'],
    [
      'a path length without cA',
      { extensions: { [OIDS.basicConstraints]: extension(OIDS.basicConstraints, true, sequence(smallInteger(0))) } },
      'certificate_malformed',
    ],
    ['a negative serial number', { serial: integerBytes(0x80) }, 'certificate_malformed'],
    ['a serial number of 21 octets', { serial: integerBytes(...new Array(21).fill(1)) }, 'certificate_malformed'],
    [
      'a third field of basicConstraints',
      {
        extensions: {
          [OIDS.basicConstraints]: extension(
            OIDS.basicConstraints,
            true,
            sequence(boolean(true), smallInteger(0), smallInteger(0)),
          ),
        },
      },
      'der_malformed',
    ],
    [
      'bytes after a subject key identifier',
      { extensions: { s: extension(OIDS.subjectKeyId, false, Buffer.concat([octetString(), octetString()])) } },
      'der_malformed',
    ],
    [
      'bytes after an authority key identifier',
      { extensions: { a: extension(OIDS.authorityKeyId, false, Buffer.concat([sequence(), sequence()])) } },
      'der_malformed',
    ],
    [
      'a third field of a Name attribute',
      { subject: sequence(tlv(0x31, sequence(oid('2.5.4.3'), smallInteger(1), smallInteger(1)))) },
      'der_malformed',
    ],
    ['a Name with an empty set', { subject: sequence(tlv(0x31)) }, 'der_malformed'],
    ['no extensions and no version', { noExtensions: true, version: Buffer.alloc(0) }, 'certificate_version'],
    ['version 4', { version: tlv(0xa0, smallInteger(3)) }, 'certificate_version'],
    [
      'an element after the extensions',
      { uniqueIds: [tlv(0x82, Buffer.from([0])), tlv(0x81, Buffer.from([0]))] },
      'der_malformed',
    ],
  ] as const)('%s', (_what, spec, code) => {
    expectCode(() => parseCertificate(der(spec)), code);
  });

  test('bytes before, after or missing', () => {
    const bytes = der({});
    parseCertificate(bytes);
    expectCode(() => parseCertificate(Buffer.concat([bytes, Buffer.from([0])])), 'der_malformed');
    expectCode(() => parseCertificate(bytes.subarray(0, -1)), 'der_malformed');
    expectCode(() => parseCertificate(Buffer.concat([bytes, bytes])), 'der_malformed');
    expectCode(() => parseCertificate(new Uint8Array()), 'der_malformed');
    const content = bytes.subarray(4);
    expect(sequence(content)).toEqual(bytes);
    expectCode(() => parseCertificate(sequence(content, smallInteger(0))), 'der_malformed');
  });
});

test('a serial number of zero, and an encoded cA FALSE, are read', () => {
  const explicitFalse = extension(OIDS.basicConstraints, true, sequence(boolean(false)));
  const certificate = parseCertificate(der({ serial: smallInteger(0), extensions: { [OIDS.basicConstraints]: explicitFalse } }));
  expect(certificate.serialNumber).toBe('00');
  expect(certificate.extensions.isCa).toBe(false);
});

test('a keyUsage whose only bit is in its second byte is read: decipherOnly, none of the usages that matter here', () => {
  const decipherOnly = extension(OIDS.keyUsage, true, bitString(Buffer.from([0x00, 0x80]), 7));
  expect(parseCertificate(der({ extensions: { [OIDS.keyUsage]: decipherOnly } })).extensions.keyUsage).toEqual({
    critical: true,
    digitalSignature: false,
    keyCertSign: false,
    crlSign: false,
  });
  const three = extension(OIDS.keyUsage, true, bitString(Buffer.from([0x80, 0x80, 0x80]), 7));
  expectCode(() => parseCertificate(der({ extensions: { [OIDS.keyUsage]: three } })), 'certificate_malformed');
});

describe('a key that must not be used is not imported, whichever of its two views is asked for first', () => {
  test.each([
    ['RSA of 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['a curve of Bitcoin', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    ['P-224', generateKeyPairSync('ec', { namedCurve: 'P-224' })],
    ['Ed448', generateKeyPairSync('ed448')],
  ])('%s', (_what, key) => {
    const certificate = parseCertificate(der({ key }));
    for (let i = 0; i < 2; i++) expectCode(() => certificate.publicKey, 'certificate_key_unsupported');
    expectCode(() => certificate.keyProfile, 'certificate_key_unsupported');
  });

  test('RSA of 2048 bits is', () => {
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(parseCertificate(der({ key })).publicKey.equals(key.publicKey)).toBe(true);
  });
});
