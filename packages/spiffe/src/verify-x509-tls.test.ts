import { describe, expect, test } from 'vitest';
import { createDice, generateChain } from './test-support/chain-generator.js';
import { octetString, sequence, tlv } from './test-support/der-writer.js';
import {
  type CertificateSpec,
  dnsName,
  extendedKeyUsage,
  extension,
  HOUR_MS,
  type Issued,
  issueCa,
  issueLeaf,
  nameConstraints,
  OIDS,
} from './test-support/test-issuer.js';
import { tlsVerdict } from './test-support/tls-verdict.js';
import { accept, USAGES } from './test-support/x509-expect.js';
import { verifyPath } from './verify-path.js';

const now = Date.now();
const valid = { notBefore: now - HOUR_MS, notAfter: now + HOUR_MS };
const ID = 'spiffe://td/a';
const ca = (issuer: Issued | undefined, name: string, spec: CertificateSpec = {}) => issueCa(issuer, name, { ...valid, ...spec });
const leafOf = (issuer: Issued, spec: CertificateSpec = {}) => issueLeaf(issuer, ID, { ...valid, ...spec });
const root = ca(undefined, 'root');

/** Chains per test, so that no test is a long one. Every run tries others; a seed that failed can be put here again. */
const SEEDS = Array.from({ length: 10 }, (_, i) => ({ seed: (now + i * 1000) >>> 0, count: 32 }));

test.each(SEEDS)(
  '$count generated chains from seed $seed on, accepted here, are accepted by TLS handshakes',
  async ({ seed, count }) => {
    for (let i = 0; i < count; i++) {
      const { chain, roots, isSvid } = generateChain(createDice(seed + i), now);
      if (isSvid) accept(chain, roots, now);
      else acceptPath(chain, roots);
      expect(await tlsVerdict(chain, roots), `seed ${seed + i}`).toBe('accepted');
    }
  },
);

function acceptPath(chain: readonly Issued[], roots: readonly Issued[]): void {
  const [ders, anchors] = [chain, roots].map((list) => list.map((one) => one.der));
  for (const usage of USAGES) verifyPath(ders ?? [], anchors ?? [], { now, usage });
}

describe('an anchor that is an intermediate (X-18): Node wants a root, unless it is told otherwise', () => {
  const upper = ca(root, 'upper');
  const lower = ca(upper, 'lower');
  const leaf = leafOf(lower);

  test.each([
    ['the upper intermediate', [leaf, lower], [upper]],
    ['the upper intermediate, sent along', [leaf, lower, upper], [upper]],
    ['the lower intermediate', [leaf], [lower]],
    ['the lower intermediate, in a chain of all', [leaf, lower, upper, root], [lower]],
    ['both', [leaf], [lower, upper]],
    ['one beside a root of another name', [leaf], [lower, ca(undefined, 'other')]],
  ] as const)('%s', async (_what, chain, anchors) => {
    accept(chain, anchors, now);
    expect(await tlsVerdict(chain, anchors)).toMatch(/^UNABLE_TO_GET_ISSUER_CERT/);
    expect(await tlsVerdict(chain, anchors, { allowPartialTrustChain: true })).toBe('accepted');
  });

  test('its own root beside it makes no difference to us, and all to Node', async () => {
    accept([leaf], [lower, upper, root], now);
    expect(await tlsVerdict([leaf], [lower, upper, root])).toBe('accepted');
  });
});

describe('where RFC 5280 accepts, we do, and Node does not', () => {
  const keyId = (text: string) => Buffer.from(text.padEnd(20, '.'));
  const identified = (text: string) => ({
    extensions: { [OIDS.subjectKeyId]: extension(OIDS.subjectKeyId, false, octetString(keyId(text))) },
  });
  const asksFor = (text: string) => ({
    extensions: { [OIDS.authorityKeyId]: extension(OIDS.authorityKeyId, false, sequence(tlv(0x80, keyId(text)))) },
  });
  const idRoot = ca(undefined, 'root', identified('a'));
  const foreign = ca(undefined, 'foreign');
  const twin = ca(root, 'twin');
  const longerTwin = ca(foreign, 'twin', { key: twin.key, notAfter: now + 2 * HOUR_MS });
  const dnsOnly = ca(root, 'ca', {
    extensions: { [OIDS.nameConstraints]: nameConstraints({ permitted: [dnsName('example')] }) },
  });
  const rolled = ca(root, 'root');

  test.each([
    ['key identifiers are hints (§4.2.1.1)', [leafOf(idRoot, asksFor('b'))], [idRoot], 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    [
      'anyExtendedKeyUsage counts as every usage (X-8)',
      [leafOf(root, { extensions: { [OIDS.extendedKeyUsage]: extendedKeyUsage('2.5.29.37.0') } })],
      [root],
      'INVALID_PURPOSE',
    ],
    ['a common name is no DNS name', [leafOf(dnsOnly, { subject: 'a.other' }), dnsOnly], [root], 'UNSPECIFIED'],
    ['of two twins the right one is found', [leafOf(twin), longerTwin, twin], [root], 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
    [
      'of two authorities of one name the right one is found',
      [leafOf(root)],
      [ca(undefined, 'root'), root],
      'CERT_SIGNATURE_FAILURE',
    ],
    ['a CA that rolled its key over, without key identifiers', [leafOf(rolled), rolled], [root], 'CERT_SIGNATURE_FAILURE'],
  ] as const)('%s', async (_what, chain, roots, reason) => {
    accept(chain, roots, now);
    expect(await tlsVerdict(chain, roots)).toBe(reason);
  });
});
