import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCertificate } from './certificate.js';
import { SpiffeError } from './spiffe-error.js';
import { directory, email } from './test-support/bad-certificates.js';
import { dnsName, issueCa, issueLeaf, NOW, nameConstraints, OIDS, san, uriName } from './test-support/test-issuer.js';
import { bundleOf, sourceOf } from './test-support/x509-expect.js';
import { verifyX509Svid } from './verify-x509-svid.js';

const ID = 'spiffe://td/a';
const root = issueCa(undefined, 'root', {
  extensions: {
    [OIDS.nameConstraints]: nameConstraints({ permitted: [uriName('td')], excluded: [dnsName('x'), email('x'), directory('x')] }),
  },
});

describe('fuzzing: a certificate or a SpiffeError, nothing else', () => {
  const seeds = [
    root.der,
    issueLeaf(root, ID).der,
    issueLeaf(root, ID, { extensions: { [OIDS.san]: san([dnsName('a'), uriName(ID)], true) } }).der,
  ];
  const survives = (bytes: Uint8Array): void => {
    try {
      const certificate = parseCertificate(bytes);
      // What is accepted was read whole, and its key is judged without another kind of error.
      if (Buffer.compare(certificate.der, bytes) !== 0) throw new Error('a certificate that is not its own encoding');
      certificate.publicKey;
    } catch (error) {
      if (!(error instanceof SpiffeError)) throw error;
    }
  };

  test('any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives), { numRuns: 300 });
  });

  test('good certificates with bytes changed, removed or put in', () => {
    const change = fc.record({
      seed: fc.constantFrom(...seeds),
      at: fc.array(fc.record({ position: fc.nat(600), byte: fc.nat(255), kind: fc.constantFrom('set', 'cut', 'add') }), {
        minLength: 1,
        maxLength: 3,
      }),
    });
    fc.assert(
      fc.property(change, ({ seed, at }) => {
        const bytes = [...seed];
        for (const { position, byte, kind } of at) {
          const index = position % bytes.length;
          if (kind === 'set') bytes[index] = byte;
          else if (kind === 'cut') bytes.splice(index, 1);
          else bytes.splice(index, 0, byte);
        }
        survives(Uint8Array.from(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('every truncation, and every single byte set to a few telling values', () => {
    const [, seed = Buffer.alloc(0)] = seeds;
    for (let i = 0; i < seed.length; i++) {
      survives(seed.subarray(0, i));
      for (const byte of [0x00, 0x80]) {
        const bytes = Buffer.from(seed);
        bytes[i] = byte;
        survives(bytes);
      }
    }
  });
});

test('a chain in which any one byte was changed is refused, with a SpiffeError', () => {
  const ca = issueCa(root, 'ca');
  const chain = [issueLeaf(ca, ID), ca].map((one) => one.der);
  const source = sourceOf(bundleOf('td', root));
  const verify = (ders: readonly Uint8Array[]) => verifyX509Svid(ders, source, { now: NOW, usage: 'client' });
  expect(verify(chain).id.toString()).toBe(ID);
  for (const [position, der] of chain.entries()) {
    for (let i = 0; i < der.length; i++) {
      const changed = Buffer.from(der);
      changed.writeUInt8(changed.readUInt8(i) ^ 0x01, i);
      expect(() => verify(chain.with(position, changed))).toThrow(SpiffeError);
    }
  }
});
