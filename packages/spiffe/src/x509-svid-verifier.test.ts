import { describe, expect, it } from 'vitest';
import { SpiffeError } from './spiffe-error.js';
import { expectRefusal } from './test-support/expect-refusal.js';
import { extendedKeyUsage, HOUR_MS, type Issued, issueCa, issueLeaf, NOW, newKey, OIDS } from './test-support/test-issuer.js';
import { bundleOf, USAGES } from './test-support/x509-expect.js';
import type { X509Bundle } from './x509-bundle.js';
import { createX509SvidVerifier, type X509SvidVerifierOptions } from './x509-svid-verifier.js';

const root = issueCa(undefined, 'root');
const intermediate = issueCa(root, 'intermediate');
const ders = (...issued: readonly Issued[]) => issued.map(({ der }) => der);
const chainOf = (path: string) => ders(issueLeaf(intermediate, `spiffe://td/${path}`), intermediate);

/** A verifier over one bundle that can be exchanged, and how often it was asked for. */
function setUp(options: Partial<X509SvidVerifierOptions> = {}) {
  const state: { bundle: X509Bundle | undefined } = { bundle: bundleOf('td', root) };
  const verifier = createX509SvidVerifier({ bundles: { x509Bundle: () => state.bundle }, usage: 'client', ...options });
  return { state, verifier };
}

describe('createX509SvidVerifier', () => {
  it.each(USAGES)('proves a chain once (%s)', (usage) => {
    const { verifier } = setUp({ usage });
    const chain = chainOf('a');
    const first = verifier.verify(chain, NOW);
    expect(first.id.toString()).toBe('spiffe://td/a');
    expect(verifier.verify(chain, NOW + 1000)).toBe(first);
    expect(
      verifier.verify(
        chain.map((der) => Uint8Array.from(der)),
        NOW,
      ),
    ).toBe(first);
    expect(verifier.verify(chainOf('a'), NOW)).not.toBe(first);
  });

  it('X-12: a remembered chain expires with the first of its path, and not before', () => {
    const { verifier } = setUp();
    const chain = ders(issueLeaf(intermediate, 'spiffe://td/a', { notAfter: NOW + 5000 }), intermediate);
    const first = verifier.verify(chain, NOW);
    expect(first.validUntil).toBe(NOW + 5000);
    expect(verifier.verify(chain, NOW + 5000)).toBe(first);
    expectRefusal(() => verifier.verify(chain, NOW + 5001), 'certificate_expired', 'X-12');
  });

  it('TX-7: a leaf that was seen expired stays so when the clock jumps back, by whatever chain', () => {
    const { verifier } = setUp();
    const leaf = issueLeaf(intermediate, 'spiffe://td/a', { notAfter: NOW + 5000 });
    const chain = ders(leaf, intermediate);
    verifier.verify(chain, NOW);
    expectRefusal(() => verifier.verify(chain, NOW + 6000), 'certificate_expired', 'X-12');
    expectRefusal(() => verifier.verify(chain, NOW), 'certificate_expired', 'X-12');
    expectRefusal(() => verifier.verify([...chain, root.der], NOW), 'certificate_expired', 'X-12');
    expect(verifier.verify(chainOf('b'), NOW).id.path).toBe('/b');
  });

  it('TX-7: nor does another signature of the same leaf revive it, nor a stray that makes the chain long', () => {
    const { verifier } = setUp();
    const spec = { key: newKey(), notAfter: NOW + 5000 };
    const chain = ders(issueLeaf(intermediate, 'spiffe://td/a', spec), intermediate);
    const twin = ders(issueLeaf(intermediate, 'spiffe://td/a', spec), intermediate);
    expect(twin[0]).not.toEqual(chain[0]);
    expect(setUp().verifier.verify(twin, NOW).id.path).toBe('/a');
    const first = verifier.verify(chain, NOW);
    expect(verifier.verify(twin, NOW)).not.toBe(first);
    expectRefusal(() => verifier.verify(chain, NOW + 6000), 'certificate_expired', 'X-12');
    expectRefusal(() => verifier.verify(twin, NOW), 'certificate_expired', 'X-12');
    const long = [...chain, issueCa(root, 'a'.repeat(16_000)).der];
    expect(setUp().verifier.verify(long, NOW).id.path).toBe('/a');
    expectRefusal(() => verifier.verify(long, NOW), 'certificate_expired', 'X-12');
  });

  it('TX-7: also when it was proven anew meanwhile, and when its chain is too long to be kept', () => {
    const { state, verifier } = setUp();
    const leaf = issueLeaf(intermediate, 'spiffe://td/a', { notAfter: NOW + 5000 });
    for (const chain of [ders(leaf, intermediate), [...ders(leaf, intermediate), issueCa(root, 'a'.repeat(16_000)).der]]) {
      verifier.verify(chain, NOW);
      state.bundle = bundleOf('td', root);
      verifier.verify(chain, NOW + 1000);
    }
    expectRefusal(() => verifier.verify(ders(leaf, intermediate), NOW + 6000), 'certificate_expired', 'X-12');
    state.bundle = bundleOf('td', root);
    expectRefusal(() => verifier.verify(ders(leaf, intermediate), NOW), 'certificate_expired', 'X-12');
  });

  it('TX-7: also when the leaf was forgotten meanwhile and is proven under another signature', () => {
    const { verifier } = setUp({ maxCachedChains: 2 });
    const spec = { key: newKey(), notAfter: NOW + 5000 };
    const [chain, twin] = [1, 2].map(() => ders(issueLeaf(intermediate, 'spiffe://td/a', spec), intermediate));
    if (chain === undefined || twin === undefined) throw new Error('two chains');
    const first = verifier.verify(chain, NOW);
    verifier.verify(chainOf('b'), NOW);
    expect(verifier.verify(chain, NOW)).toBe(first);
    verifier.verify(twin, NOW);
    expectRefusal(() => verifier.verify(chain, NOW + 6000), 'certificate_expired', 'X-12');
    expectRefusal(() => verifier.verify(twin, NOW), 'certificate_expired', 'X-12');
  });

  it('X-12: the clock does not run backwards for a remembered leaf', () => {
    const { verifier } = setUp();
    const chain = ders(issueLeaf(intermediate, 'spiffe://td/a', { notBefore: NOW }), intermediate);
    expectRefusal(() => verifier.verify(chain, NOW - 1), 'certificate_not_yet_valid', 'X-12');
    const first = verifier.verify(chain, NOW);
    expect(first.validFrom).toBe(NOW);
    expect(verifier.verify(chain, NOW - 1)).toBe(first);
  });

  it('finds a longer path when the remembered one has expired', () => {
    const short = issueCa(undefined, 'root', { key: root.key, notAfter: NOW + 5000 });
    const { state, verifier } = setUp();
    state.bundle = bundleOf('td', short, root);
    const chain = chainOf('a');
    expect(verifier.verify(chain, NOW).validUntil).toBe(NOW + 5000);
    expect(verifier.verify(chain, NOW + 5001).validUntil).toBe(NOW + HOUR_MS);
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])(
    'a clock of %s proves nothing, remembered or not',
    (now) => {
      const { verifier } = setUp();
      const chain = chainOf('a');
      expect(() => verifier.verify(chain, now)).toThrow(SpiffeError);
      const first = verifier.verify(chain, NOW);
      expect(() => verifier.verify(chain, now)).toThrow(SpiffeError);
      expect(verifier.verify(chain, NOW)).toBe(first);
    },
  );

  it('X-17: a remembered chain falls with the bundle', () => {
    const { state, verifier } = setUp();
    const chain = chainOf('a');
    const first = verifier.verify(chain, NOW);
    state.bundle = bundleOf('td', root);
    const second = verifier.verify(chain, NOW);
    expect(second).not.toBe(first);
    expect(second.bundle).toBe(state.bundle);
    state.bundle = undefined;
    expectRefusal(() => verifier.verify(chain, NOW), 'trust_domain_without_bundle', 'X-17');
    state.bundle = bundleOf('td', issueCa(undefined, 'root'));
    expectRefusal(() => verifier.verify(chain, NOW), 'signature_invalid', 'X-11');
    state.bundle = second.bundle;
    expect(verifier.verify(chain, NOW)).toBe(second);
  });

  it('remembers the chain, not only its leaf', () => {
    const { verifier } = setUp();
    const chain = chainOf('a');
    verifier.verify(chain, NOW);
    const [leaf = root.der] = chain;
    expectRefusal(() => verifier.verify([leaf], NOW), 'issuer_untrusted', 'X-18');
    expectRefusal(() => verifier.verify([Buffer.concat(chain)], NOW), 'der_malformed', 'X-25');
    expectRefusal(() => verifier.verify([...chain, Buffer.from('stray')], NOW), 'der_malformed', 'X-25');
    expectRefusal(() => verifier.verify([leaf, Buffer.from('stray')], NOW), 'der_malformed', 'X-25');
    expect(verifier.verify(chain, NOW).id.path).toBe('/a');
  });

  it('compares whole leaves, not the ends by which it finds them', () => {
    const { verifier } = setUp();
    const chain = chainOf('aaaa');
    const first = verifier.verify(chain, NOW);
    const [leaf = root.der] = chain;
    const forged = Buffer.from(leaf.toString('latin1').replace('spiffe://td/aaaa', 'spiffe://td/root'), 'latin1');
    expect(forged.subarray(-64).equals(leaf.subarray(-64))).toBe(true);
    expectRefusal(() => verifier.verify([forged, intermediate.der], NOW), 'signature_invalid', 'X-11');
    expect(verifier.verify(chain, NOW)).toBe(first);
  });

  it('keeps its own copy of what it proved', () => {
    const { verifier } = setUp();
    const again = chainOf('a');
    const chain = again.map((der) => Buffer.from(der));
    const first = verifier.verify(chain, NOW);
    for (const der of chain) der.fill(0);
    expect(verifier.verify(again, NOW)).toBe(first);
    expectRefusal(() => verifier.verify(chain, NOW), 'der_malformed', 'X-25');
  });

  it('refuses again what it refused before', () => {
    const { verifier } = setUp();
    const chain = ders(issueLeaf(issueCa(undefined, 'root'), 'spiffe://td/a'));
    for (let i = 0; i < 2; i++) expectRefusal(() => verifier.verify(chain, NOW), 'signature_invalid', 'X-11');
  });

  it('forgets the least recently used first', () => {
    const { verifier } = setUp({ maxCachedChains: 2 });
    const [a, b, c] = [chainOf('a'), chainOf('b'), chainOf('c')];
    const firstA = verifier.verify(a, NOW);
    const firstB = verifier.verify(b, NOW);
    expect(verifier.verify(a, NOW)).toBe(firstA);
    verifier.verify(c, NOW);
    expect(verifier.verify(a, NOW)).toBe(firstA);
    expect(verifier.verify(b, NOW)).not.toBe(firstB);
  });

  it('remembers nothing when told so, and no chain of more than 16 KiB', () => {
    const none = setUp({ maxCachedChains: 0 }).verifier;
    const chain = chainOf('a');
    expect(none.verify(chain, NOW)).not.toBe(none.verify(chain, NOW));
    const { verifier } = setUp();
    const padded = issueCa(root, 'a'.repeat(16_000));
    const long = [...chain, padded.der];
    expect(verifier.verify(long, NOW)).not.toBe(verifier.verify(long, NOW));
    const bytes = (ders: readonly Uint8Array[]) => ders.reduce((sum, { length }) => sum + length, 0);
    const filled = (length: number) => [...chain, issueCa(root, 'a'.repeat(length)).der];
    const length = 16_384 - bytes(filled(15_000)) + 15_000;
    // Signatures differ in length by a few bytes, so the first one may not fit.
    let full = filled(length);
    while (bytes(full) !== 16_384) full = filled(length);
    expect(verifier.verify(full, NOW)).toBe(verifier.verify(full, NOW));
    expect(verifier.verify(chain, NOW)).toBe(verifier.verify(chain, NOW));
  });

  it('judges by the usage and the demands that it was made with', () => {
    const clientOnly = (usages: readonly string[]) =>
      ders(
        issueLeaf(intermediate, 'spiffe://td/a', { extensions: { [OIDS.extendedKeyUsage]: extendedKeyUsage(...usages) } }),
        intermediate,
      );
    const chain = clientOnly([OIDS.clientAuth]);
    expect(setUp().verifier.verify(chain, NOW).id.path).toBe('/a');
    expectRefusal(() => setUp({ usage: 'server' }).verifier.verify(chain, NOW), 'extended_key_usage', 'X-8');
    expectRefusal(() => setUp({ requireBothUsages: true }).verifier.verify(chain, NOW), 'extended_key_usage', 'X-8');
    const both = clientOnly([OIDS.clientAuth, OIDS.serverAuth]);
    expect(setUp({ requireBothUsages: true }).verifier.verify(both, NOW).id.path).toBe('/a');
  });

  it('takes odd input as verifyX509Svid does', () => {
    const { verifier } = setUp();
    for (const odd of [undefined, null, 'chain', { length: 1, 0: root.der }, []]) {
      expectRefusal(() => verifier.verify(odd as unknown as Uint8Array[], NOW), 'chain_empty', 'X-26');
    }
    const many = Array.from({ length: 11 }, () => Buffer.from('odd'));
    expectRefusal(() => verifier.verify(many, NOW), 'chain_too_many_certificates', 'X-26');
    expectRefusal(() => verifier.verify([Buffer.alloc(65_537)], NOW), 'chain_too_large', 'X-26');
    for (const odd of [undefined, null, 'der', 7]) {
      expectRefusal(() => verifier.verify([odd] as unknown as Uint8Array[], NOW), 'der_malformed', 'X-25');
    }
  });

  it('checks its options when it is made', () => {
    expect(() => setUp({ usage: 'peer' as 'client' })).toThrow(TypeError);
    for (const maxCachedChains of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => setUp({ maxCachedChains })).toThrow(RangeError);
    }
  });
});
