import { describe, expect, test } from 'vitest';
import type { X509Usage } from './certificate-rules.js';
import { SpiffeError } from './spiffe-error.js';
import { BREACHES, type PlacedBreach } from './test-support/bad-certificates.js';
import { type BadChain, badChain } from './test-support/bad-chain.js';
import { type Issued, NOW } from './test-support/test-issuer.js';
import { accept, bundleOf, sourceOf, USAGES } from './test-support/x509-expect.js';
import { verifyPath } from './verify-path.js';
import { verifyX509Svid } from './verify-x509-svid.js';

const ders = (list: readonly Issued[]) => list.map((one) => one.der);
const all = [...BREACHES.rfc5280, ...BREACHES.x509Svid];
const nameOf = (...placed: readonly PlacedBreach[]) =>
  placed.map(({ breach, position }) => `${breach.name} at ${position}`).join(', ');

/** The code with which this role refuses, or `accepted`. */
function verdict({ chain, anchors }: BadChain, usage: X509Usage): string {
  return codeOf(() => verifyX509Svid(ders(chain), sourceOf(bundleOf('td', ...anchors)), { now: NOW, usage }));
}

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
    return 'accepted';
  } catch (error) {
    if (error instanceof SpiffeError) return error.code;
    throw error;
  }
}

function without(...placed: readonly PlacedBreach[]): BadChain {
  const chain = badChain(...placed);
  if (chain === undefined) throw new Error('one breach cannot collide with itself');
  return chain;
}

test('the chain that all breaches start from is good', () => {
  const { chain, anchors } = without();
  accept(chain, anchors);
  for (const usage of USAGES) verifyPath(ders(chain), ders(anchors), { now: NOW, usage });
});

describe('one breach', () => {
  test.each(all.map((one) => [nameOf(one), one] as const))('%s', (_name, placed) => {
    for (const usage of USAGES) expect(verdict(without(placed), usage)).toBe(placed.code);
  });

  test.each(BREACHES.rfc5280.map((one) => [nameOf(one), one] as const))('without SPIFFE: %s', (_name, placed) => {
    const { chain, anchors } = without(placed);
    // A root that is no CA is only found out where a path ends in it.
    const code = placed.breach.isMissing ? placed.code : placed.breach.code;
    for (const usage of USAGES) {
      expect(codeOf(() => verifyPath(ders(chain), ders(anchors), { now: NOW, usage }))).toBe(code);
    }
  });
});

test('any two breaches together are refused for one of them', () => {
  let chains = 0;
  const wrong: string[] = [];
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      const chain = badChain(one, other);
      if (chain === undefined) continue;
      const code = verdict(chain, chains++ % 2 === 0 ? 'client' : 'server');
      if (code !== one.code && code !== other.code) wrong.push(`${nameOf(one, other)}: ${code}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(all.length + chains).toBeGreaterThan(10_000);
});
