import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { octetString, oid, sequence, smallInteger, tlv } from './test-support/der-writer.js';
import {
  basicConstraints,
  type CertificateSpec,
  ECDSA_SHA256,
  extension,
  HOUR_MS,
  type Issued,
  issueCa,
  issueLeaf,
  keyUsage,
  NOW,
  nameConstraints,
  newKey,
  OIDS,
  unknownExtension,
  uriName,
} from './test-support/test-issuer.js';
import { accept, bundleOf, expectCode, refuse } from './test-support/x509-expect.js';

const ID = 'spiffe://td/a';
const root = issueCa(undefined, 'root');

/** leaf ← lower ← upper ← root, one of them changed. */
function chainWith(position: number, spec: CertificateSpec): { chain: Issued[]; anchors: Issued[] } {
  const at = (index: number) => (index === position ? spec : {});
  const anchor = issueCa(undefined, 'root', at(3));
  const upper = issueCa(anchor, 'upper', at(2));
  const lower = issueCa(upper, 'lower', at(1));
  return { chain: [issueLeaf(lower, ID, at(0)), lower, upper], anchors: [anchor] };
}

describe.each([
  ['leaf', 0],
  ['lower intermediate', 1],
  ['upper intermediate', 2],
  ['anchor', 3],
] as const)('at the position of the %s', (_name, position) => {
  test('X-12: both ends of the validity are inside, a second more is not', () => {
    const early = chainWith(position, { notBefore: NOW });
    const late = chainWith(position, { notAfter: NOW });
    accept(early.chain, early.anchors);
    expect(accept(late.chain, late.anchors).validUntil).toBe(NOW);
    refuse(early.chain, early.anchors, 'certificate_not_yet_valid', NOW - 1000);
    refuse(late.chain, late.anchors, 'certificate_expired', NOW + 1000);
    refuse(late.chain, late.anchors, 'certificate_not_yet_valid', Number.NaN);
  });

  test('X-16: an unknown extension is refused only when critical', () => {
    const harmless = chainWith(position, { extensions: { x: unknownExtension(false) } });
    accept(harmless.chain, harmless.anchors);
    const critical = chainWith(position, { extensions: { x: unknownExtension(true) } });
    refuse(critical.chain, critical.anchors, 'critical_extension_unknown');
  });

  test('X-11: a flipped bit in the signature', () => {
    const flipped = chainWith(position, {
      signWith: (tbs, key) => {
        const signature = sign('sha256', tbs, key);
        signature.writeUInt8(signature.readUInt8(signature.length - 1) ^ 1, signature.length - 1);
        return signature;
      },
    });
    // The signature of an anchor means nothing: it is trusted by being in the bundle.
    if (position === 3) accept(flipped.chain, flipped.anchors);
    else refuse(flipped.chain, flipped.anchors, 'signature_invalid');
  });

  test('X-11: right name, wrong key', () => {
    const { chain, anchors } = chainWith(position, position === 3 ? {} : { signer: newKey() });
    if (position === 3) refuse(chain, [issueCa(undefined, 'root')], 'signature_invalid');
    else refuse(chain, anchors, 'signature_invalid');
  });

  test('X-11: issuer name does not chain', () => {
    const { chain, anchors } = chainWith(position, { issuer: 'somebody else' });
    if (position === 3) accept(chain, anchors);
    else refuse(chain, anchors, 'issuer_untrusted');
  });

  test('X-11: inner and outer signature algorithm differ', () => {
    const outerAlgorithm = sequence(oid('1.2.840.10045.4.3.3'));
    const same = chainWith(position, { algorithm: ECDSA_SHA256, outerAlgorithm: ECDSA_SHA256 });
    accept(same.chain, same.anchors);
    const mixed = chainWith(position, { outerAlgorithm });
    // An anchor like that does not even get into a bundle.
    if (position === 3) expectCode(() => bundleOf('td', ...mixed.anchors), 'signature_algorithm_mismatch');
    else refuse(mixed.chain, mixed.anchors, 'signature_algorithm_mismatch');
  });
});

describe('issuers (X-13)', () => {
  const below = (ca: Issued) => [issueLeaf(ca, ID), ca];
  const anchored = (extensions: CertificateSpec['extensions']) =>
    issueCa(undefined, 'root', { ...(extensions && { extensions }) });

  test.each([
    ['no basicConstraints', { extensions: { [OIDS.basicConstraints]: null } }, 'issuer_not_ca'],
    ['cA false', { extensions: { [OIDS.basicConstraints]: basicConstraints(false) } }, 'issuer_not_ca'],
    ['no keyUsage', { extensions: { [OIDS.keyUsage]: null } }, 'issuer_may_not_sign'],
    ['keyUsage without keyCertSign', { extensions: { [OIDS.keyUsage]: keyUsage([6]) } }, 'issuer_may_not_sign'],
    ['version 1', { version: Buffer.alloc(0), noExtensions: true }, 'certificate_version'],
    ['version 2', { version: tlv(0xa0, smallInteger(1)) }, 'certificate_version'],
  ] as const)('an intermediate with %s is refused', (_what, spec, code) => {
    refuse(below(issueCa(root, 'ca', spec)), [root], code);
  });

  test('a leaf used as a CA is refused', () => {
    const leaf = issueLeaf(root, 'spiffe://td/b', { subject: 'b' });
    refuse([issueLeaf(leaf, ID), leaf], [root], 'issuer_not_ca');
  });

  test('an anchor may lack keyUsage, but not keyCertSign when it has one', () => {
    const without = anchored({ [OIDS.keyUsage]: null });
    accept([issueLeaf(without, ID)], [without]);
    const wrong = anchored({ [OIDS.keyUsage]: keyUsage([0]) });
    refuse([issueLeaf(wrong, ID)], [wrong], 'issuer_may_not_sign');
  });

  test('an empty issuer name is refused', () => {
    const nameless = issueCa(undefined, '');
    refuse([issueLeaf(nameless, ID)], [nameless], 'issuer_empty');
  });
});

describe('path length (X-14)', () => {
  const limited = (limit: number) =>
    issueCa(undefined, 'root', { extensions: { [OIDS.basicConstraints]: basicConstraints(true, limit) } });

  test('of the anchor and of an intermediate', () => {
    for (const [limit, holds] of [
      [1, true],
      [0, false],
    ] as const) {
      const anchor = limited(limit);
      const ca = issueCa(anchor, 'ca');
      const chain = [issueLeaf(ca, ID), ca];
      if (holds) accept(chain, [anchor]);
      else refuse(chain, [anchor], 'path_length_exceeded');

      const upper = issueCa(root, 'upper', { extensions: { [OIDS.basicConstraints]: basicConstraints(true, limit) } });
      const lower = issueCa(upper, 'lower');
      const longer = [issueLeaf(lower, ID), lower, upper];
      if (holds) accept(longer, [root]);
      else refuse(longer, [root], 'path_length_exceeded');
    }
  });

  test('that is more than zero', () => {
    for (const [limit, holds] of [
      [2, true],
      [1, false],
    ] as const) {
      const anchor = limited(limit);
      const upper = issueCa(anchor, 'upper');
      const lower = issueCa(upper, 'lower');
      const chain = [issueLeaf(lower, ID), lower, upper];
      if (holds) accept(chain, [anchor]);
      else refuse(chain, [anchor], 'path_length_exceeded');
    }
  });

  test('self-issued CAs do not count', () => {
    const anchor = limited(0);
    const rolled = issueCa(anchor, 'root', { key: newKey() });
    accept([issueLeaf(rolled, ID), rolled], [anchor]);
    const further = issueCa(rolled, 'ca');
    refuse([issueLeaf(further, ID), further, rolled], [anchor], 'path_length_exceeded');
  });
});

describe('anchors (X-18) and search', () => {
  const upper = issueCa(root, 'upper');
  const lower = issueCa(upper, 'lower');
  const leaf = issueLeaf(lower, ID);

  test('any CA of the bundle is an anchor, and its own issuer need not be there', () => {
    const verified = accept([leaf, lower], [upper]);
    expect(Buffer.from(verified.anchor.der)).toEqual(upper.der);
    accept([leaf], [lower]);
  });

  test('a root that only the peer sends is no anchor', () => {
    refuse([leaf, lower, upper, root], [issueCa(undefined, 'other')], 'issuer_untrusted');
  });

  test('intermediates may come in any order, with strays, and a missing one refuses', () => {
    const stray = issueCa(issueCa(undefined, 'x'), 'stray');
    accept([leaf, stray, upper, lower, root], [root]);
    refuse([leaf, lower], [root], 'issuer_untrusted');
  });

  test('of cross-signed twins the one that leads to the anchor is found, and its expiry counts', () => {
    const foreign = issueCa(undefined, 'foreign');
    const good = issueCa(root, 'twin', { notAfter: NOW + 60_000 });
    const twin = issueCa(foreign, 'twin', { key: good.key });
    const expired = issueCa(root, 'twin', { key: good.key, notAfter: NOW - 1 });
    const below = issueLeaf(good, ID);
    expect(accept([below, twin, expired, good], [root]).validUntil).toBe(NOW + 60_000);
    expect(accept([below, good, expired, twin], [root]).validUntil).toBe(NOW + 60_000);
    refuse([below, twin, expired], [root], 'certificate_expired');
  });

  test('an authority with an unusable key does not hide a good one of its name', () => {
    const unusable = issueCa(undefined, 'root', { key: generateKeyPairSync('ec', { namedCurve: 'P-224' }), signer: root.key });
    accept([issueLeaf(root, ID)], [unusable, root]);
    refuse([issueLeaf(root, ID)], [unusable], 'certificate_key_unsupported');
  });

  test('several authorities of one name, as after a rotation', () => {
    const authorities = Array.from({ length: 5 }, () => issueCa(undefined, 'root'));
    for (const one of authorities) accept([issueLeaf(one, ID)], authorities);
    refuse([issueLeaf(issueCa(undefined, 'root'), ID)], authorities, 'signature_invalid');
  });

  test('any other reason says more than a wrong key among authorities of one name', () => {
    const impostor = issueCa(undefined, 'root');
    const expired = issueCa(undefined, 'root', { key: root.key, notAfter: NOW - 1 });
    accept([issueLeaf(root, ID)], [impostor, expired, root]);
    refuse([issueLeaf(root, ID)], [impostor], 'signature_invalid');
    refuse([issueLeaf(root, ID)], [impostor, expired], 'certificate_expired');
    refuse([issueLeaf(root, ID)], [expired, impostor], 'certificate_expired');
  });
});

test('among many authorities of one name, key identifiers say which to try first, and never what to trust', () => {
  const id = (text: string) => Buffer.from(text.padEnd(20, '.'));
  const skid = (text: string) => ({ [OIDS.subjectKeyId]: extension(OIDS.subjectKeyId, false, octetString(id(text))) });
  const akid = (text: string) => ({
    [OIDS.authorityKeyId]: extension(OIDS.authorityKeyId, false, sequence(tlv(0x80, id(text)))),
  });
  const authorities = Array.from({ length: 60 }, (_, i) => issueCa(undefined, 'root', { extensions: skid(`${i}`) }));
  const [first = root, last = root] = [authorities[0], authorities.at(-1)];
  accept([issueLeaf(last, ID, { extensions: akid('59') })], authorities);
  // A wrong hint costs nothing but order.
  accept([issueLeaf(first, ID, { extensions: akid('59') })], authorities);
  refuse([issueLeaf(root, ID, { extensions: akid('0') })], authorities.slice(0, 3), 'signature_invalid');
});

test('validUntil is the earliest notAfter of the path, anchor included; strays do not count', () => {
  const early = issueCa(undefined, 'early', { notAfter: NOW + 1000 });
  const ca = issueCa(early, 'ca', { notAfter: NOW + 2000 });
  const stray = issueCa(root, 'stray', { notAfter: NOW });
  expect(accept([issueLeaf(ca, ID), ca, stray], [early]).validUntil).toBe(NOW + 1000);
  expect(accept([issueLeaf(root, ID, { notAfter: NOW + HOUR_MS / 2 })], [root]).validUntil).toBe(NOW + HOUR_MS / 2);
});

test('validFrom is the latest notBefore of the path, anchor included; strays do not count', () => {
  const late = issueCa(undefined, 'late', { notBefore: NOW - 1000 });
  const ca = issueCa(late, 'ca', { notBefore: NOW - 2000 });
  const stray = issueCa(root, 'stray', { notBefore: NOW });
  expect(accept([issueLeaf(ca, ID), ca, stray], [late]).validFrom).toBe(NOW - 1000);
  expect(accept([issueLeaf(root, ID, { notBefore: NOW })], [root]).validFrom).toBe(NOW);
  const middle = issueCa(root, 'middle', { notBefore: NOW - 3000 });
  expect(accept([issueLeaf(middle, ID), middle], [root]).validFrom).toBe(NOW - 3000);
});

test('X-15: a leaf that has the name of its issuer is not exempt from name constraints', () => {
  const constrained = (name: string) =>
    issueCa(root, 'ca', { extensions: { [OIDS.nameConstraints]: nameConstraints({ permitted: [uriName(name)] }) } });
  const [own, other] = [constrained('td'), constrained('other')];
  accept([issueLeaf(own, ID, { subject: 'ca' }), own], [root]);
  refuse([issueLeaf(other, ID, { subject: 'ca' }), other], [root], 'name_constraint_violated');
});
