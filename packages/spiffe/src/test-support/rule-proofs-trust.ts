import { parseSpiffeBundle } from '../spiffe-bundle.js';
import { parseTrustDomain } from '../trust-domain.js';
import { verifyX509Svid } from '../verify-x509-svid.js';
import { parseX509Bundle, parseX509BundlePem } from '../x509-bundle.js';
import { parseX509Svid } from '../x509-svid.js';
import { ca, foreignRoot, good, ID, leaf, named, type Presented, peer, root, withLeaf, withRoot } from './presented-peer.js';
import { type Attempt, oneChange, type RuleProofs } from './rule-proof.js';
import { dnsName, HOUR_MS, type Issued, issueLeaf, NOW, OIDS, san } from './test-issuer.js';
import { bundleOf, sourceOf } from './x509-expect.js';

const inTrustDomain = (id: string, ...bundles: readonly string[]): Attempt => {
  const source = sourceOf(...bundles.map((name) => bundleOf(name, root)));
  return (usage) => verifyX509Svid([issueLeaf(root, id).der], source, { now: NOW, usage });
};

/** An ID of td, signed by the root of b, in front of somebody who trusts both. */
const signedByOther: Attempt = (usage) => {
  const source = sourceOf(bundleOf('td', root), bundleOf('b', foreignRoot));
  return verifyX509Svid([issueLeaf(foreignRoot, ID).der, foreignRoot.der], source, { now: NOW, usage });
};
/** The good peer, in front of somebody who read this bundle document. */
const withDocument = (...keys: readonly object[]): Attempt => {
  const { x509Bundle } = parseSpiffeBundle(parseTrustDomain('td'), JSON.stringify({ keys }));
  return (usage) => verifyX509Svid([leaf.der, ca.der], sourceOf(x509Bundle), { now: NOW, usage });
};
const x5c = (...certificates: readonly Issued[]) => ({
  kty: 'EC',
  use: 'x509-svid',
  x5c: certificates.map((one) => one.der.toString('base64')),
});

const pkcs8 = (one: Issued) => one.key.privateKey.export({ format: 'der', type: 'pkcs8' });
/** Our own SVID, as it is judged before it is used. */
function own({ chain = good, anchors = [root], now = NOW }: Presented, privateKey: Uint8Array = pkcs8(leaf)): Attempt {
  return (usage) => {
    const svid = parseX509Svid({ chain: Buffer.concat(chain.map((one) => one.der)), privateKey });
    return verifyX509Svid(svid.chain, sourceOf(bundleOf('td', ...anchors)), { now, usage });
  };
}
/** Rules about which authorities count for a peer, and about what they are read from. */
export const TRUST_PROOFS: RuleProofs = {
  'X-17': {
    accepts: [inTrustDomain(ID, 'td', 'b')],
    refuses: [
      ['trust_domain_without_bundle', inTrustDomain(ID, 'b')],
      [
        'bundle_of_other_trust_domain',
        (usage) => verifyX509Svid([issueLeaf(root, ID).der], { x509Bundle: () => bundleOf('b', root) }, { now: NOW, usage }),
      ],
      ['issuer_untrusted', signedByOther],
    ],
  },
  'X-18': {
    accepts: [peer({ anchors: [ca] }), () => bundleOf('td', ca)],
    refuses: [
      ['issuer_untrusted', peer({ chain: [leaf, ca, root], anchors: [foreignRoot] })],
      ['x509_bundle_entry_not_ca', peer({ anchors: [leaf] })],
    ],
  },
  'X-19': {
    accepts: ['spiffe://td/', 'spiffe://td/a', 'spiffe://other'].map((id) => withRoot(named(id))),
    refuses: [['x509_bundle_entry_not_ca', peer({ anchors: [root, issueLeaf(root, 'spiffe://td')] })]],
  },
  'X-21': {
    accepts: [withDocument({ ...x5c(), x5c: undefined }, x5c(), x5c(root))],
    refuses: [
      ['bundle_without_authority', withDocument({ ...x5c(), x5c: undefined })],
      ['bundle_without_authority', withDocument(x5c())],
    ],
  },
  'X-22': {
    accepts: [withDocument(x5c(root, foreignRoot))],
    refuses: [['issuer_untrusted', withDocument(x5c(foreignRoot, root))]],
  },
  'X-23': oneChange((anchors: readonly Issued[]) => peer({ anchors }), [root], ['bundle_without_authority', []]),
  'X-24': {
    accepts: [own({})],
    refuses: [
      ['private_key_mismatch', own({}, pkcs8(ca))],
      ['issuer_untrusted', own({ anchors: [foreignRoot] })],
      ['certificate_expired', own({ now: NOW + HOUR_MS + 1000 })],
    ],
  },
  'ID-12': {
    accepts: [peer({})],
    refuses: [['uri_san_missing', withLeaf({ subject: ID, extensions: { [OIDS.san]: san([dnsName(ID)]) } })]],
  },
  'ID-13': { accepts: [peer({})], refuses: [['issuer_untrusted', signedByOther]] },
  'ID-15': {
    accepts: [inTrustDomain('spiffe://constructor/a', 'constructor'), inTrustDomain('spiffe://__proto__/a', '__proto__')],
    refuses: [['trust_domain_without_bundle', inTrustDomain('spiffe://constructor/a', 'td')]],
  },
  'ID-6': {
    accepts: ['127.0.0.1', '..', '-a', '_'].map((name) => inTrustDomain(`spiffe://${name}/a`, name)),
    refuses: [['trust_domain_without_bundle', inTrustDomain('spiffe://127.1/a', '127.0.0.1')]],
  },
  'ID-10': oneChange((id: string) => inTrustDomain(id, 'td'), ID, ['trust_domain_without_bundle', 'spiffe://td./a']),
  'B-11': {
    accepts: [inTrustDomain(ID, 'td')],
    refuses: [
      [
        'bundle_of_other_trust_domain',
        (usage) =>
          verifyX509Svid([issueLeaf(root, 'spiffe://b/a').der], { x509Bundle: () => bundleOf('td', root) }, { now: NOW, usage }),
      ],
    ],
  },
  'W-14': {
    accepts: [
      () => parseX509Bundle(parseTrustDomain('td'), root.der),
      () => parseX509BundlePem(parseTrustDomain('td'), pem(root)),
    ],
    refuses: [
      ['x509_bundle_empty', () => parseX509Bundle(parseTrustDomain('td'), new Uint8Array())],
      ['x509_bundle_not_pem', () => parseX509BundlePem(parseTrustDomain('td'), pem(root).replace('-----END', ''))],
    ],
  },
  'W-21': {
    accepts: [own({})],
    refuses: [['private_key_malformed', own({}, leaf.key.privateKey.export({ format: 'der', type: 'sec1' }))]],
  },
};

function pem(one: Issued): string {
  return `-----BEGIN CERTIFICATE-----\n${one.der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}
