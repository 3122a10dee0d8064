import { type Issued, issueCa, issueLeaf, nameConstraints, OIDS, san, uriName } from './test-issuer.js';

export type ConstraintTrees = Parameters<typeof nameConstraints>[0];

/** A chain of `td` whose anchor or upper intermediate carries the constraints; the leaf may get further names. */
export function constrained(
  place: 'anchor' | 'intermediate',
  trees: ConstraintTrees,
  id = 'spiffe://td/a',
  more: readonly Uint8Array[] = [],
  subject?: string | Uint8Array,
): { readonly chain: readonly Issued[]; readonly anchors: readonly Issued[] } {
  const extensions = { [OIDS.nameConstraints]: nameConstraints(trees) };
  const anchor = issueCa(undefined, 'root', place === 'anchor' ? { extensions } : {});
  const upper = issueCa(anchor, 'upper', place === 'intermediate' ? { extensions } : {});
  const lower = issueCa(upper, 'lower');
  const names = san([uriName(id), ...more], true);
  const leaf = issueLeaf(lower, id, { extensions: { [OIDS.san]: names }, ...(subject !== undefined && { subject }) });
  return { chain: [leaf, lower, upper], anchors: [anchor] };
}
