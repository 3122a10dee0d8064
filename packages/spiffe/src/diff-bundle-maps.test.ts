import { expect, test } from 'vitest';
import { createBundleMap } from './bundle-map.js';
import { diffBundleMaps } from './diff-bundle-maps.js';
import { createSpiffeBundle } from './spiffe-bundle.js';
import { parseTrustDomain } from './trust-domain.js';

const bundleOf = (name: string, sequence: bigint) => createSpiffeBundle(parseTrustDomain(name), { sequence });
const before = createBundleMap([bundleOf('a', 1n), bundleOf('constructor', 1n), bundleOf('c', 1n)]);

test('maps differ by what was added, removed and changed', () => {
  const after = createBundleMap([bundleOf('d', 1n), bundleOf('c', 2n), bundleOf('a', 1n)]);
  const difference = diffBundleMaps(before, after);
  const names = (bundles: typeof difference.added) => bundles.map(({ trustDomain }) => trustDomain.name);
  expect([names(difference.added), names(difference.removed), names(difference.changed)]).toEqual([
    ['d'],
    ['constructor'],
    ['c'],
  ]);
  expect(difference.changed[0]?.sequence).toBe(2n);
  expect([difference, ...Object.values(difference)].every(Object.isFrozen)).toBe(true);
});

test('equal maps do not, whatever their order', () => {
  const again = createBundleMap([bundleOf('c', 1n), bundleOf('a', 1n), bundleOf('constructor', 1n)]);
  for (const other of [before, again]) expect(Object.values(diffBundleMaps(before, other)).flat()).toEqual([]);
});
