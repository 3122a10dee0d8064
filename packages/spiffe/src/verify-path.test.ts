import { describe, expect, test } from 'vitest';
import { type VerifyPathOptions, verifyPath } from './path.js';
import { ascii, commonName, tlv } from './test-support/der-writer.js';
import {
  basicConstraints,
  type CertificateSpec,
  dnsName,
  extendedKeyUsage,
  type Issued,
  ipName,
  issueCa,
  issueLeaf,
  keyUsage,
  NOW,
  nameConstraints,
  OIDS,
  san,
  uriName,
} from './test-support/test-issuer.js';
import { accept, expectCode } from './test-support/x509-expect.js';

const root = issueCa(undefined, 'root');
const upper = issueCa(root, 'upper');
const lower = issueCa(upper, 'lower');
const withNames = (...names: readonly Uint8Array[]): CertificateSpec => ({ extensions: { [OIDS.san]: san(names) } });
const email = (text: string) => tlv(0x81, ascii(text));
const directory = (text: string) => tlv(0xa4, commonName(text));

function verify(chain: readonly Issued[], roots: readonly Issued[] = [root], options: Partial<VerifyPathOptions> = {}) {
  const ders = (list: readonly Issued[]) => list.map((one) => one.der);
  return verifyPath(ders(chain), ders(roots), { now: NOW, usage: 'client', ...options });
}

test('a path is found whatever the leaf names; it is the same search that SPIFFE IDs go through', () => {
  const names = [[dnsName('a.example')], [ipName(10, 0, 0, 1)], [email('a@b')], [directory('x')], [uriName('https://a/')]];
  for (const list of names) {
    const leaf = issueLeaf(lower, 'unused', withNames(...list));
    const path = verify([leaf, upper, lower]);
    expect(path.certificates.map((one) => Buffer.from(one.der))).toEqual([leaf, lower, upper, root].map((one) => one.der));
    expect(Buffer.from(path.anchor.der)).toEqual(root.der);
    expect([path, path.certificates].every(Object.isFrozen)).toBe(true);
  }
  const unnamed = issueLeaf(root, 'unused', { extensions: { [OIDS.san]: null }, notAfter: NOW });
  expect(verify([unnamed]).validUntil).toBe(NOW);
  const workload = [issueLeaf(lower, 'spiffe://td/a'), lower, upper];
  expect(verify(workload).validUntil).toBe(accept(workload, [root]).validUntil);
});

describe('name constraints reach every form of name', () => {
  test.each([
    ['dns', dnsName('example'), dnsName('a.example'), dnsName('a.other')],
    ['ip', ipName(10, 0, 0, 0, 255, 0, 0, 0), ipName(10, 1, 2, 3), ipName(11, 1, 2, 3)],
    ['email', email('example'), email('a@example'), email('a@other')],
    ['directory', directory('workload'), directory('Workload'), directory('other')],
    ['uri', uriName('.example'), uriName('https://a.example/'), uriName('https://example/')],
  ] as const)('%s', (_form, permitted, inside, outside) => {
    const ca = issueCa(root, 'ca', { extensions: { [OIDS.nameConstraints]: nameConstraints({ permitted: [permitted] }) } });
    verify([issueLeaf(ca, 'unused', withNames(inside)), ca]);
    expectCode(() => verify([issueLeaf(ca, 'unused', withNames(inside, outside)), ca]), 'name_constraint_violated');
  });
});

describe('what a path may lead to', () => {
  test.each([
    ['no key usage', { [OIDS.keyUsage]: null }],
    ['key usage not critical', { [OIDS.keyUsage]: keyUsage([0], false) }],
    ['no digitalSignature', { [OIDS.keyUsage]: keyUsage([2]) }],
    ['two URIs', { [OIDS.san]: san([uriName('https://a'), uriName('https://b')]) }],
    [
      'a CA with name constraints',
      { [OIDS.basicConstraints]: basicConstraints(true), n: nameConstraints({ permitted: [uriName('x')] }) },
    ],
    ['a CA that may sign', { [OIDS.basicConstraints]: basicConstraints(true), [OIDS.keyUsage]: keyUsage([5]) }],
  ] satisfies [string, CertificateSpec['extensions']][])('accepts %s', (_what, extensions) => {
    verify([issueLeaf(root, 'spiffe://td/a', { extensions })]);
  });

  test.each([
    ['keyCertSign without cA', { extensions: { [OIDS.keyUsage]: keyUsage([0, 5]) } }, 'leaf_may_sign'],
    [
      'name constraints without cA',
      { extensions: { n: nameConstraints({ permitted: [uriName('td')] }) } },
      'name_constraints_on_leaf',
    ],
    ['no subject and a plain SAN', { subject: '' }, 'san_not_critical'],
    ['no name at all', { subject: '', extensions: { [OIDS.san]: null } }, 'san_not_critical'],
    ['another purpose', { extensions: { [OIDS.extendedKeyUsage]: extendedKeyUsage(OIDS.serverAuth) } }, 'extended_key_usage'],
  ] as const)('refuses %s', (_what, spec, code) => {
    expectCode(() => verify([issueLeaf(root, 'spiffe://td/a', spec)]), code);
  });
});

describe('depth', () => {
  const chain = [issueLeaf(lower, 'unused', withNames(dnsName('a'))), lower, upper];

  test('counts the certificates below the anchor; a shorter path to another anchor is found', () => {
    verify(chain, [root], { maxDepth: 3 });
    expectCode(() => verify(chain, [root], { maxDepth: 2 }), 'path_too_deep');
    expectCode(() => verify(chain, [root], { maxDepth: 1 }), 'path_too_deep');
    verify(chain, [root, upper], { maxDepth: 2 });
    verify(chain, [root, lower], { maxDepth: 1 });
    expectCode(() => verify([chain[0] ?? root], [root], { maxDepth: 1 }), 'issuer_untrusted');
  });

  test('ten certificates below the anchor are the most', () => {
    const cas: Issued[] = [root];
    while (cas.length < 10) cas.push(issueCa(cas.at(-1), `ca ${cas.length}`));
    const longest = [issueLeaf(cas.at(-1) ?? root, 'unused'), ...cas.slice(1).reverse()];
    expect(verify(longest).certificates.length).toBe(11);
    expectCode(() => verify(longest, [root], { maxDepth: 9 }), 'path_too_deep');
    expectCode(() => verify([...longest, root]), 'chain_too_many_certificates');
  });

  test('options that make no sense', () => {
    for (const maxDepth of [0, 11, 1.5, Number.NaN, '3']) {
      expect(() => verify(chain, [root], { maxDepth: maxDepth as number })).toThrow(RangeError);
    }
    for (const usage of [undefined, 'both']) expect(() => verify(chain, [root], { usage: usage as 'client' })).toThrow(TypeError);
    expectCode(() => verify(chain, [root], { now: Number.NaN }), 'certificate_not_yet_valid');
  });
});

test('roots: none, some that are no CAs, some that are no certificates', () => {
  const leaf = issueLeaf(root, 'unused', withNames(dnsName('a')));
  expectCode(() => verify([leaf], []), 'issuer_untrusted');
  const notCa = issueCa(undefined, 'root', { key: root.key, extensions: { [OIDS.basicConstraints]: null } });
  expectCode(() => verify([leaf], [notCa]), 'issuer_not_ca');
  verify([leaf], [notCa, root]);
  for (const odd of [undefined, 1, 'x', root.der.buffer, Buffer.alloc(3)]) {
    expectCode(() => verifyPath([leaf.der], [root.der, odd as Uint8Array], { now: NOW, usage: 'client' }), 'der_malformed');
  }
  expect(() => verifyPath([leaf.der], undefined as unknown as [], { now: NOW, usage: 'client' })).toThrow(TypeError);
});
