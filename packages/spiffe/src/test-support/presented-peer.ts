import { verifyX509Svid } from '../verify-x509-svid.js';
import type { Attempt } from './rule-proof.js';
import { type CertificateSpec, type Extension, type Issued, issueCa, issueLeaf, NOW, OIDS, san, uriName } from './test-issuer.js';
import { bundleOf, sourceOf } from './x509-expect.js';

export const ID = 'spiffe://td/a';
export const root = issueCa(undefined, 'root');
export const ca = issueCa(root, 'ca');
export const leaf = issueLeaf(ca, ID);
export const good: readonly Issued[] = [leaf, ca];
export const foreignRoot = issueCa(undefined, 'foreign');

export interface Presented {
  readonly chain?: readonly Issued[];
  readonly anchors?: readonly Issued[];
  readonly now?: number;
}

/** A peer presents a chain to somebody who trusts `anchors` for `td`. */
export function peer({ chain = good, anchors = [root], now = NOW }: Presented): Attempt {
  return (usage) =>
    verifyX509Svid(
      chain.map((one) => one.der),
      sourceOf(bundleOf('td', ...anchors)),
      { now, usage },
    );
}

/** The same, with another leaf below the same CA. */
export const withLeaf = (spec: CertificateSpec, id = ID): Attempt => peer({ chain: [issueLeaf(ca, id, spec), ca] });
export const withExtension = (...extensions: readonly (Extension | readonly [string, null])[]): Attempt =>
  withLeaf({ extensions: Object.fromEntries(extensions.map((one) => ('oid' in one ? [one.oid, one] : one))) });
export const withNames = (...names: readonly Uint8Array[]): Attempt => withExtension(san(names));
/** The same, with another CA between root and leaf. */
export const withCa = (spec: CertificateSpec): Attempt => {
  const other = issueCa(root, 'ca', spec);
  return peer({ chain: [issueLeaf(other, ID), other] });
};
export const withCaExtension = (one: Extension): Attempt => withCa({ extensions: { [one.oid]: one } });
/** The same, below another root. */
export const withRoot = (spec: CertificateSpec): Attempt => {
  const other = issueCa(undefined, 'root', spec);
  const below = issueCa(other, 'ca');
  return peer({ chain: [issueLeaf(below, ID), below], anchors: [other] });
};
export const named = (id: string) => ({ extensions: { [OIDS.san]: san([uriName(id)]) } });
