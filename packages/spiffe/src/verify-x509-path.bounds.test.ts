import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { octetString, oid, sequence, set, tlv } from './test-support/der-writer.js';
import {
  type CertificateSpec,
  dnsName,
  extension,
  type Issued,
  issueCa,
  issueLeaf,
  NOW,
  nameConstraints,
  OIDS,
  san,
  uriName,
} from './test-support/test-issuer.js';
import { accept, bundleOf, expectCode, refuse, sourceOf } from './test-support/x509-expect.js';
import { verifyPath } from './verify-path.js';
import { verifyX509Svid } from './verify-x509-svid.js';

const ID = 'spiffe://td/a';
const root = issueCa(undefined, 'root');
const shared = root.key;

/** Processor time of `action` in milliseconds, best of three: neighbours on the machine count less, a real cost always does. */
function bestCostMs(action: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const start = process.cpuUsage();
    action();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

/** Processor time of a hundred plain P-256 checks: some 11 ms on the machine that the bound of 50 ms was set for. */
function hundredChecksMs(): number {
  const signature = sign('sha256', Buffer.from('x'), shared.privateKey);
  return bestCostMs(() => {
    for (let i = 0; i < 100; i++) verify('sha256', Buffer.from('x'), shared.publicKey, signature);
  });
}

/** At most 50 ms (TX-11), or the same multiple of what this machine takes for plain checks at this moment. */
function expectCheap(chain: readonly Issued[], anchors: readonly Issued[]): void {
  const ders = chain.map((one) => one.der);
  // Fresh bundles: no key may be imported already.
  const sources = Array.from({ length: 3 }, () => sourceOf(bundleOf('td', ...anchors)));
  const cost = bestCostMs(() => {
    try {
      verifyX509Svid(ders, sources.pop() ?? sourceOf(), { now: NOW, usage: 'client' });
    } catch {
      // The verdict is asserted by the caller; only the cost matters here.
    }
  });
  expect(cost).toBeLessThan(50 * Math.max(1, hundredChecksMs() / 11));
}

test('a clique of nine CAs of one name and one key, where every link verifies (TX-11)', () => {
  const clique = Array.from({ length: 9 }, () => issueCa(undefined, 'clique', { key: shared }));
  const [first = root] = clique;
  const chain = [issueLeaf(first, ID), ...clique];
  refuse(chain, [root], 'path_search_exhausted');
  expectCheap(chain, [root]);
});

test('a cycle of two CAs ends', () => {
  const a = issueCa(undefined, 'a', { issuer: 'b', key: shared });
  const b = issueCa(undefined, 'b', { issuer: 'a', key: shared });
  refuse([issueLeaf(a, ID), a, b], [root], 'issuer_untrusted');
});

test('costly keys: P-521 links, none of which verifies', () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-521' });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-521' });
  const spec: CertificateSpec = {
    key,
    signer: other,
    algorithm: sequence(oid('1.2.840.10045.4.3.4')),
    signWith: (tbs, privateKey) => sign('sha512', tbs, privateKey),
  };
  const cas = Array.from({ length: 9 }, () => issueCa(undefined, 'ca', spec));
  const [first = root] = cas;
  const chain = [issueLeaf(first, ID, spec), ...cas];
  refuse(chain, [root], 'path_search_exhausted');
  expectCheap(chain, [root]);
});

test('hundreds of authorities of the name that the leaf asks for', () => {
  const authorities = Array.from({ length: 120 }, () => issueCa(undefined, 'many'));
  const chain = [issueLeaf(issueCa(undefined, 'many'), ID)];
  refuse(chain, authorities, 'path_search_exhausted');
  expectCheap(chain, authorities);
});

test('many constraints times many names', () => {
  const excluded = Array.from({ length: 256 }, (_, i) => dnsName(`h${i}.example`));
  const names = Array.from({ length: 31 }, (_, i) => dnsName(`n${i}`));
  const cas: Issued[] = [];
  for (let i = 0; i < 8; i++) {
    cas.push(
      issueCa(cas.at(-1) ?? root, `ca ${i}`, {
        extensions: { [OIDS.nameConstraints]: nameConstraints({ excluded }), [OIDS.san]: san(names) },
      }),
    );
  }
  const last = cas.at(-1) ?? root;
  const chain = [issueLeaf(last, ID, { extensions: { [OIDS.san]: san([uriName(ID), ...names]) } }), ...cas];
  accept(chain, [root]);
  expectCheap(chain, [root]);
});

test('names that are costly to compare, under constraints of every CA above', () => {
  const ligature = '\ufdfa'.repeat(300);
  const rdns = (count: number, text: string) =>
    sequence(...Array.from({ length: count }, () => set(sequence(oid('2.5.4.10'), tlv(0x0c, Buffer.from(text))))));
  const excluded = Array.from({ length: 5 }, (_, i) => tlv(0xa4, rdns(1, `${ligature}${i}`)));
  const cas: Issued[] = [];
  for (let i = 0; i < 8; i++) {
    cas.push(issueCa(cas.at(-1) ?? root, `ca ${i}`, { extensions: { [OIDS.nameConstraints]: nameConstraints({ excluded }) } }));
  }
  const names = Array.from({ length: 5 }, () => tlv(0xa4, rdns(4, ligature)));
  const leaf = issueLeaf(cas.at(-1) ?? root, ID, { extensions: { [OIDS.san]: san([uriName(ID), ...names]) } });
  const chain = [leaf, ...cas];
  accept(chain, [root]);
  expectCheap(chain, [root]);
});

test('limits hold before anything is parsed or verified (X-26)', () => {
  const garbage = Array.from({ length: 11 }, () => Buffer.alloc(10));
  expectCode(() => verifyX509Svid(garbage, sourceOf(), { now: NOW, usage: 'client' }), 'chain_too_many_certificates');
  expectCode(() => verifyX509Svid([Buffer.alloc(65_537)], sourceOf(), { now: NOW, usage: 'client' }), 'chain_too_large');
  expectCode(() => verifyX509Svid([Buffer.alloc(65_536)], sourceOf(), { now: NOW, usage: 'client' }), 'der_malformed');
});

describe('the last check that is allowed still counts (TX-11)', () => {
  const options = { now: NOW, usage: 'client' } as const;
  const leaf = [issueLeaf(root, ID).der];
  const roots = (count: number, one: Issued) => Array.from({ length: count }, () => one.der);
  const impostor = issueCa(undefined, 'root');

  test('512 issuers are looked at', () => {
    const notCa = issueCa(undefined, 'root', { extensions: { [OIDS.basicConstraints]: null } });
    expectCode(() => verifyPath(leaf, roots(512, notCa), options), 'issuer_not_ca');
    expect(verifyPath(leaf, [...roots(511, notCa), root.der], options).certificates).toHaveLength(2);
    expectCode(() => verifyPath(leaf, [...roots(512, notCa), root.der], options), 'path_search_exhausted');
  });

  test('32 signatures are checked', () => {
    expectCode(() => verifyPath(leaf, roots(32, impostor), options), 'signature_invalid');
    expect(verifyPath(leaf, [...roots(31, impostor), root.der], options).certificates).toHaveLength(2);
    expectCode(() => verifyPath(leaf, [...roots(32, impostor), root.der], options), 'path_search_exhausted');
  });

  test('16 signatures with P-384 keys are checked', () => {
    const costly = issueCa(undefined, 'root', {
      key: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
      signer: root.key,
    });
    expectCode(() => verifyPath(leaf, roots(16, costly), options), 'signature_invalid');
    expect(verifyPath(leaf, [...roots(15, costly), root.der], options).certificates).toHaveLength(2);
    expectCode(() => verifyPath(leaf, [...roots(16, costly), root.der], options), 'path_search_exhausted');
  });
});

test('a link is checked once, however many ways lead to it: else this search would end before it finds the path', () => {
  const options = { now: NOW, usage: 'client' } as const;
  const impostors = Array.from({ length: 3 }, () => issueCa(undefined, 'elsewhere'));
  const upper = Array.from({ length: 3 }, () => issueCa(undefined, 'upper', { key: shared, issuer: 'elsewhere' }));
  const lower = Array.from({ length: 3 }, () => issueCa(undefined, 'lower', { key: shared, issuer: 'upper' }));
  const good = issueCa(root, 'lower', { key: shared });
  const leaf = issueLeaf(good, ID);
  const ders = (...list: readonly Issued[]) => list.map((one) => one.der);
  const roots = ders(...impostors, root);
  // 3 lower × 3 upper × 3 impostors: 21 different links, and 39 steps over them. The way over `good` takes two more.
  const { certificates } = verifyPath(ders(leaf, ...lower, ...upper, good), roots, options);
  expect(certificates.map((one) => Buffer.from(one.der))).toEqual(ders(leaf, good, root));
  expectCode(() => verifyPath(ders(leaf, ...lower, ...upper), roots, options), 'signature_invalid');
});

test('key identifiers decide which issuers are tried first, and nothing else', () => {
  const options = { now: NOW, usage: 'client' } as const;
  const keyId = (byte: number) => Buffer.alloc(20, byte);
  const own = (byte: number) => ({
    extensions: { s: extension(OIDS.subjectKeyId, false, octetString(keyId(byte))) },
  });
  const issuers = (byte: number) => ({
    extensions: { a: extension(OIDS.authorityKeyId, false, sequence(tlv(0x80, keyId(byte)))) },
  });
  const [good, other] = [issueCa(undefined, 'root', own(1)), issueCa(undefined, 'root', own(2))];
  const others = (count: number) => Array.from({ length: count }, () => other.der);
  const found = (leaf: Issued, roots: readonly Uint8Array[]) =>
    Buffer.from(verifyPath([leaf.der], roots, options).anchor.der).equals(good.der);
  const leaf = issueLeaf(good, ID, issuers(1));
  const misleading = issueLeaf(good, ID, issuers(2));
  const silent = issueLeaf(good, ID);
  // More authorities than signatures may be checked: only the right order finds the one.
  expect(found(leaf, [...others(40), good.der])).toBe(true);
  for (const one of [misleading, silent]) {
    expectCode(() => found(one, [...others(40), good.der]), 'path_search_exhausted');
    expect(found(one, [...others(31), good.der])).toBe(true);
    expect(found(one, [good.der, ...others(31)])).toBe(true);
  }
});
