import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DerReader } from './der-reader.js';
import { splitDerCertificates } from './der-split.js';
import { SpiffeError } from './spiffe-error.js';
import { oid, sequence, smallInteger } from './test-support/der-writer.js';
import { expectCode } from './test-support/x509-expect.js';

const reader = (hex: string) => new DerReader(Buffer.from(hex, 'hex'));

describe('DerReader', () => {
  test.each([
    ['short length', '0401aa'],
    ['long length, one octet', `048180${'00'.repeat(128)}`],
    ['long length, two octets', `04820100${'00'.repeat(256)}`],
  ])('reads %s', (_what, hex) => {
    const input = reader(hex);
    expect(input.read(0x04).rest().length).toBeGreaterThan(0);
    input.end();
  });

  test.each([
    ['nothing', ''],
    ['a tag alone', '04'],
    ['content cut short', '0402aa'],
    ['an indefinite length', '0480aa0000'],
    ['a long form for a short length', '048101aa'],
    ['a leading zero in a length', `04820080${'00'.repeat(128)}`],
    ['five length octets', '04850000000001aa'],
    ['a length of 4 GiB', '0484ffffffff'],
    ['a length cut short', '048201'],
    ['a tag of two bytes', '1f8101aa'],
    ['another tag', '0501aa'],
  ])('refuses %s', (_what, hex) => {
    expectCode(() => reader(hex).read(0x04), 'der_malformed');
  });

  test('refuses bytes that are left over, and content beyond its own parent', () => {
    expectCode(() => reader('0401aa00').end(), 'der_malformed');
    expectCode(() => reader('30030403aabbcc').read(0x30).read(0x04), 'der_malformed');
  });

  test('primitives, and the encodings of them that DER forbids', () => {
    expect(reader('0101ff').readBoolean()).toBe(true);
    for (const hex of ['010101', '0100', '0102ffff']) expectCode(() => reader(hex).readBoolean(), 'der_malformed');
    expect(reader('02017f').readSmallInteger()).toBe(127);
    expect(reader('02020080').readSmallInteger()).toBe(128);
    for (const hex of ['0200', '0202007f', '0202ff80']) expectCode(() => reader(hex).readInteger(), 'der_malformed');
    for (const hex of ['0201ff', '02050080000000']) expectCode(() => reader(hex).readSmallInteger(), 'der_malformed');
    expect(reader('03020780').readBitString().unusedBits).toBe(7);
    for (const hex of ['0300', '030108', '030107', '03020781']) expectCode(() => reader(hex).readBitString(), 'der_malformed');
    expectCode(() => reader('03020780').readBitStringBytes(), 'der_malformed');
  });

  test.each(['2.5.29.17', '1.2.840.113549.1.1.11', '2.999.3', '0.9.2342', '1.3.6.1.4.1.4294967296'])(
    'object identifier %s',
    (dotted) => {
      const encoded = dotted === '2.999.3' ? Buffer.from('0603883703', 'hex') : oid(dotted);
      expect(new DerReader(encoded).readOid()).toBe(dotted);
    },
  );

  test('object identifiers of three bytes: those that are spelled out in advance are spelled right', () => {
    for (const second of [3, 4, 5, 28, 29, 30]) {
      for (let third = 0; third < 128; third++) {
        expect(new DerReader(Buffer.from([6, 3, 0x55, second, third])).readOid()).toBe(`2.5.${second}.${third}`);
      }
      expectCode(() => new DerReader(Buffer.from([6, 3, 0x55, second, 0x80])).readOid(), 'der_malformed');
    }
  });

  test('object identifiers of eight bytes: key purposes are spelled right, and their neighbours are none', () => {
    const purpose = [0x2b, 6, 1, 5, 5, 7, 3];
    const read = (...content: readonly number[]) => new DerReader(Buffer.from([6, content.length, ...content])).readOid();
    for (let last = 0; last < 128; last++) expect(read(...purpose, last)).toBe(`1.3.6.1.5.5.7.3.${last}`);
    expectCode(() => read(...purpose, 0x80), 'der_malformed');
    for (const last of [1, 2]) {
      for (const [index, byte] of purpose.entries()) {
        const arcs = [1, 3, 6, 1, 5, 5, 7, 3, last];
        arcs[index + 1] = (arcs[index + 1] ?? 0) + 1;
        expect(read(...purpose.with(index, byte + 1), last)).toBe(arcs.join('.'));
      }
      expect(read(0x2b, 6, 1, 4, 1, 0x82, 0x37, last)).toBe(`1.3.6.1.4.1.311.${last}`);
      expect(read(0x2b, 6, 1, 5, 5, 7, 0x83, last)).toBe(`1.3.6.1.5.5.7.${384 + last}`);
      expect(read(...purpose, 0x81, last)).toBe(`1.3.6.1.5.5.7.3.${128 + last}`);
      expect(read(...purpose, last, last)).toBe(`1.3.6.1.5.5.7.3.${last}.${last}`);
      expect(read(...purpose.slice(0, -1), last)).toBe(`1.3.6.1.5.5.7.${last}`);
    }
  });

  test('object identifiers: a UUID arc is read, a bad encoding is not', () => {
    expect(reader(`06136983${'c3'.repeat(16)}43`).readOid()).toMatch(/^2\.25\.\d{36,}$/);
    for (const hex of ['0600', '060180', '06022a80', '06032a8001', `06162a${'ff'.repeat(20)}01`]) {
      expectCode(() => reader(hex).readOid(), 'der_malformed');
    }
  });

  test('any bytes: a value or a SpiffeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        for (const read of [
          (input: DerReader) => input.readAny(),
          (input: DerReader) => input.readOid(),
          (input: DerReader) => input.readBitString(),
          (input: DerReader) => input.readInteger(),
          () => splitDerCertificates(bytes),
        ]) {
          try {
            read(new DerReader(bytes));
          } catch (error) {
            if (!(error instanceof SpiffeError)) throw error;
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('splitDerCertificates', () => {
  const one = sequence(smallInteger(1));
  const two = sequence(smallInteger(2), Buffer.alloc(300));

  test('splits what stands back to back, and nothing from nothing', () => {
    expect(splitDerCertificates(Buffer.concat([one, two, one])).map(Buffer.from)).toEqual([one, two, one]);
    expect(splitDerCertificates(new Uint8Array())).toEqual([]);
  });

  test('refuses left-over bytes, truncation, PEM and too many', () => {
    expectCode(() => splitDerCertificates(Buffer.concat([one, Buffer.from([0])])), 'der_malformed');
    expectCode(() => splitDerCertificates(two.subarray(0, -1)), 'der_malformed');
    expectCode(() => splitDerCertificates(Buffer.from('-----BEGIN CERTIFICATE-----\n')), 'der_malformed');
    expectCode(() => splitDerCertificates(Buffer.concat([one, one]), 1), 'chain_too_many_certificates');
  });
});
