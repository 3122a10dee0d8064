import { describe, expect, test } from 'vitest';
import { issueCa, issueLeaf, OIDS, san, unknownExtension, uriName } from './test-support/test-issuer.js';
import { accept, expectCode } from './test-support/x509-expect.js';
import { parseTrustDomain } from './trust-domain.js';
import { createX509Bundle, parseX509Bundle, parseX509BundlePem } from './x509-bundle.js';

const td = parseTrustDomain('td');
const a = issueCa(undefined, 'a');
const b = issueCa(undefined, 'b');
const leaf = issueLeaf(a, 'spiffe://td/a');
const pem = (der: Buffer, label = 'CERTIFICATE') =>
  `-----BEGIN ${label}-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;

const subjects = (bundle: ReturnType<typeof createX509Bundle>) => bundle.authorities.map((one) => Buffer.from(one.der));

test('the lists of a bundle do not change', () => {
  const bundle = createX509Bundle(td, [a.der]);
  const [authority] = bundle.authorities;
  for (const list of [
    bundle.authorities,
    bundle.authoritiesNamed(authority?.subjectKey ?? ''),
    bundle.authoritiesNamed('no such name'),
    authority?.extensions.unknownCritical,
    authority?.extensions.subjectAltNames,
  ]) {
    expect(Object.isFrozen(list)).toBe(true);
  }
});

test('what is no bytes, or no text, is refused as malformed', () => {
  for (const odd of [undefined, null, 4e9, 'abc', { length: 0 }, Array.from(a.der), a.der.buffer]) {
    const bytes = odd as unknown as Uint8Array;
    expectCode(() => parseX509Bundle(td, bytes), 'der_malformed');
    expectCode(() => createX509Bundle(td, [bytes]), 'der_malformed');
    if (odd !== 'abc') expectCode(() => parseX509BundlePem(td, odd as unknown as string), 'x509_bundle_not_pem');
  }
});

describe('DER', () => {
  test('concatenated, in order, without duplicates', () => {
    const bundle = parseX509Bundle(td, Buffer.concat([a.der, b.der, a.der]));
    expect(subjects(bundle)).toEqual([a.der, b.der]);
    expect(bundle.trustDomain).toBe(td);
    expect(Object.isFrozen(bundle.authorities)).toBe(true);
  });

  test('no bytes are refused, an explicitly empty bundle is not', () => {
    expectCode(() => parseX509Bundle(td, new Uint8Array()), 'x509_bundle_empty');
    expect(createX509Bundle(td, []).authorities).toEqual([]);
  });

  test('a leaf, a cut certificate, left-over bytes, two certificates in one element, PEM, and more than 4 MiB', () => {
    expectCode(() => parseX509Bundle(td, Buffer.concat([a.der, leaf.der])), 'x509_bundle_entry_not_ca');
    expectCode(() => parseX509Bundle(td, a.der.subarray(0, -1)), 'der_malformed');
    expectCode(() => parseX509Bundle(td, Buffer.concat([a.der, Buffer.from([0])])), 'der_malformed');
    expectCode(() => createX509Bundle(td, [Buffer.concat([a.der, b.der])]), 'der_malformed');
    expectCode(() => parseX509Bundle(td, Buffer.from(pem(a.der))), 'der_malformed');
    expectCode(() => parseX509Bundle(td, Buffer.alloc(4 * 1024 * 1024 + 1)), 'x509_bundle_too_large');
    expectCode(() => createX509Bundle(td, [Buffer.alloc(4 * 1024 * 1024 + 1)]), 'x509_bundle_too_large');
  });
});

test.each(['spiffe://td', 'spiffe://td/', 'spiffe://td/a', 'spiffe://other', 'https://x'])(
  'X-19: a CA that is called %s is an authority',
  (id) => {
    const named = issueCa(undefined, 'named', { extensions: { [OIDS.san]: san([uriName(id)]) } });
    accept([issueLeaf(named, 'spiffe://td/a')], [named]);
  },
);

test('an entry that cannot be used as an anchor does not spoil the others', () => {
  const odd = issueCa(undefined, 'odd', { extensions: { x: unknownExtension(true) } });
  accept([leaf], [odd, a]);
});

describe('PEM', () => {
  test('several blocks, text between them', () => {
    const text = `# our roots\n${pem(a.der)}second:\n${pem(b.der).replaceAll('\n', '\r\n')}`;
    expect(subjects(parseX509BundlePem(td, text))).toEqual([a.der, b.der]);
  });

  test.each([
    ['nothing', '', 'x509_bundle_empty'],
    ['text alone', 'hello', 'x509_bundle_empty'],
    ['a private key beside', pem(a.der) + pem(Buffer.from('x'), 'PRIVATE KEY'), 'x509_bundle_not_pem'],
    ['a block without an end', pem(a.der) + pem(b.der).split('-----END')[0], 'x509_bundle_not_pem'],
    ['base64 that is not', pem(a.der).replace('\nM', '\n!'), 'x509_bundle_not_pem'],
    ['two certificates in a block', pem(Buffer.concat([a.der, b.der])), 'der_malformed'],
    ['a leaf', pem(leaf.der), 'x509_bundle_entry_not_ca'],
    ['too large', ' '.repeat(9 * 1024 * 1024), 'x509_bundle_too_large'],
  ] as const)('refuses %s', (_what, text, code) => {
    expectCode(() => parseX509BundlePem(td, text), code);
  });
});
