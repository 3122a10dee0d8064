import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { oid, sequence } from './test-support/der-writer.js';
import {
  type CertificateSpec,
  dnsName,
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
import { verifyX509Svid } from './verify-x509-svid.js';

const ID = 'spiffe://td/a';
const root = issueCa(undefined, 'root');
const shared = root.key;

/** Processor time of the cheapest of a few runs: neighbours on the machine do not count, a cost that is there always does. */
function expectCheap(chain: readonly Issued[], anchors: readonly Issued[]): void {
  const ders = chain.map((one) => one.der);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    // A fresh bundle each time: no key may be imported already.
    const source = sourceOf(bundleOf('td', ...anchors));
    const start = process.cpuUsage();
    try {
      verifyX509Svid(ders, source, { now: NOW, usage: 'client' });
    } catch {
      // The verdict is asserted by the caller; only the cost matters here.
    }
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  expect(best).toBeLessThan(50);
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

test('limits hold before anything is parsed or verified (X-26)', () => {
  const garbage = Array.from({ length: 11 }, () => Buffer.alloc(10));
  expectCode(() => verifyX509Svid(garbage, sourceOf(), { now: NOW, usage: 'client' }), 'chain_too_many_certificates');
  expectCode(() => verifyX509Svid([Buffer.alloc(65_537)], sourceOf(), { now: NOW, usage: 'client' }), 'chain_too_large');
});
