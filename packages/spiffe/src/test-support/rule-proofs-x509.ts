import { generateKeyPairSync } from 'node:crypto';
import { oid, sequence } from './der-writer.js';
import {
  ca,
  foreignRoot,
  ID,
  leaf,
  named,
  type Presented,
  peer,
  root,
  withCa,
  withCaExtension,
  withExtension,
  withLeaf,
  withNames,
  withRoot,
} from './presented-peer.js';
import { type Attempt, oneChange, type RuleProofs } from './rule-proof.js';
import {
  basicConstraints,
  dnsName,
  type Extension,
  encodeExtension,
  extendedKeyUsage,
  issueCa,
  issueLeaf,
  keyUsage,
  NOW,
  nameConstraints,
  newKey,
  OIDS,
  san,
  unknownExtension,
  uriName,
} from './test-issuer.js';

const SHA1 = sequence(oid('1.2.840.10045.4.1'));
const weakKey = generateKeyPairSync('ec', { namedCurve: 'P-224' });
const clique = Array.from({ length: 9 }, () => issueCa(undefined, 'clique', { key: root.key }));
const filler = (bytes: number): Extension => ({ oid: '1.3.6.1.4.1.55555.2', critical: false, value: Buffer.alloc(bytes) });
const earlyCa = issueCa(root, 'ca', { notBefore: NOW, notAfter: NOW });
const earlyRoot = issueCa(undefined, 'root', { notBefore: NOW, notAfter: NOW });
/** By position: leaf, CA, anchor; each good for one instant only. */
const instants: readonly Presented[] = [
  { chain: [issueLeaf(ca, ID, { notBefore: NOW, notAfter: NOW }), ca] },
  { chain: [issueLeaf(earlyCa, ID), earlyCa] },
  { chain: [issueLeaf(earlyRoot, ID)], anchors: [earlyRoot] },
];

/** Rules about certificates and the path that they make. */
export const X509_PROOFS: RuleProofs = {
  'X-1': {
    accepts: [withNames(dnsName('a.example'), uriName(ID))],
    refuses: [
      ['uri_san_missing', withNames(dnsName('a.example'))],
      ['uri_san_several', withNames(uriName(ID), uriName(ID))],
      ['uri_san_several', withNames(uriName(ID), uriName('https://td/a'))],
    ],
  },
  'X-2': oneChange(
    (uri: string) => withLeaf({}, uri),
    ID,
    ['leaf_id_invalid', 'https://td/a'],
    ['leaf_id_invalid', 'spiffe://td:1/a'],
  ),
  'X-3': oneChange((uri: string) => withLeaf({}, uri), ID, ['leaf_id_without_path', 'spiffe://td']),
  'X-4': {
    accepts: [withExtension(basicConstraints(false)), withExtension([OIDS.basicConstraints, null])],
    refuses: [['leaf_is_ca', withExtension(basicConstraints(true))]],
  },
  'X-5': oneChange(
    (bits: readonly number[]) => withExtension(keyUsage(bits)),
    [0],
    ['leaf_may_sign', [0, 5]],
    ['leaf_may_sign', [0, 6]],
  ),
  'X-6': {
    accepts: [withExtension(keyUsage([0]))],
    refuses: [
      ['leaf_key_usage_missing', withExtension([OIDS.keyUsage, null])],
      ['leaf_key_usage_not_critical', withExtension(keyUsage([0], false))],
    ],
  },
  'X-7': oneChange(
    (bits: readonly number[]) => withExtension(keyUsage(bits)),
    [0, 4],
    ['leaf_without_digital_signature', [2, 4]],
  ),
  'X-8': {
    accepts: [
      (usage) => withExtension(extendedKeyUsage(OIDS[`${usage}Auth`]))(usage),
      (usage) => withCaExtension(extendedKeyUsage(OIDS[`${usage}Auth`]))(usage),
    ],
    refuses: [
      ['extended_key_usage', (usage) => withExtension(extendedKeyUsage(OIDS[`${other(usage)}Auth`]))(usage)],
      ['extended_key_usage', (usage) => withCaExtension(extendedKeyUsage(OIDS[`${other(usage)}Auth`]))(usage)],
    ],
  },
  'X-9': oneChange(
    (critical: boolean) => withLeaf({ subject: '', extensions: { [OIDS.san]: san([uriName(ID)], critical) } }),
    true,
    ['san_not_critical', false],
  ),
  'X-10': oneChange(
    (isCa: boolean) => {
      const one = isCa ? issueCa(root, 'peer', named(ID)) : issueLeaf(root, ID);
      return peer({ chain: [one], anchors: [root, ...(isCa ? [one] : [])] });
    },
    false,
    ['leaf_is_ca', true],
  ),
  'X-11': {
    accepts: [peer({})],
    refuses: [
      ['signature_invalid', withLeaf({ signer: newKey() })],
      ['signature_invalid', withCa({ signer: newKey() })],
      ['signature_algorithm_mismatch', withLeaf({ outerAlgorithm: SHA1 })],
      ['signature_algorithm_unsupported', withLeaf({ algorithm: SHA1 })],
      ['certificate_key_unsupported', withLeaf({ key: weakKey })],
      ['issuer_empty', withLeaf({ issuer: '' })],
    ],
  },
  'X-12': {
    accepts: instants.map(peer),
    refuses: instants.flatMap((one) => [
      ['certificate_not_yet_valid', peer({ ...one, now: NOW - 1000 })] as const,
      ['certificate_expired', peer({ ...one, now: NOW + 1000 })] as const,
    ]),
  },
  'X-13': {
    accepts: [peer({}), withRoot({ extensions: { [OIDS.keyUsage]: null } })],
    refuses: [
      ['certificate_version', withCa({ version: Buffer.alloc(0), noExtensions: true })],
      ['issuer_not_ca', withCaExtension(basicConstraints(false))],
      ['issuer_may_not_sign', withCaExtension(keyUsage([6]))],
      ['issuer_may_not_sign', withRoot({ extensions: { [OIDS.keyUsage]: keyUsage([6]) } })],
    ],
  },
  'X-14': oneChange(
    (pathLength: number) => withRoot({ extensions: { [OIDS.basicConstraints]: basicConstraints(true, pathLength) } }),
    1,
    ['path_length_exceeded', 0],
  ),
  'X-15': {
    accepts: [withCaExtension(nameConstraints({ permitted: [uriName('td')] }))],
    refuses: [
      ['name_constraint_violated', withCaExtension(nameConstraints({ permitted: [uriName('.td')] }))],
      ['name_constraint_violated', withCaExtension(nameConstraints({ excluded: [uriName('td')] }))],
      ['name_constraint_unprocessable', withCaExtension(nameConstraints({ permitted: [uriName('*.td')] }))],
      ['name_constraints_on_leaf', withExtension(nameConstraints({ permitted: [uriName('td')] }))],
    ],
  },
  'X-16': {
    accepts: [withExtension(unknownExtension(false))],
    refuses: [
      ['critical_extension_unknown', withExtension(unknownExtension(true))],
      ['critical_extension_unknown', withCaExtension(unknownExtension(true))],
      ['critical_extension_unknown', withRoot({ extensions: { x: unknownExtension(true) } })],
    ],
  },
  'X-25': {
    accepts: [withNames(dnsName('a, URI:spiffe://td/admin'), uriName(ID))],
    refuses: [
      ['der_malformed', peer({ chain: [leaf, { ...ca, der: Buffer.concat([ca.der, Buffer.alloc(1)]) }] })],
      ['certificate_malformed', withLeaf({ rawExtensions: [encodeExtension(san([uriName(ID)]))] })],
    ],
  },
  'X-26': {
    accepts: [
      peer({ chain: [leaf, ...Array.from({ length: 9 }, () => ca)] }),
      withNames(...Array.from({ length: 31 }, () => dnsName('a')), uriName(ID)),
    ],
    refuses: [
      ['chain_empty', peer({ chain: [] })],
      ['chain_too_many_certificates', peer({ chain: [leaf, ...Array.from({ length: 10 }, () => ca)] })],
      ['chain_too_large', peer({ chain: [leaf, ca, issueCa(root, 'x', { extensions: { x: filler(65_536) } })] })],
      ['san_too_many_entries', withNames(...Array.from({ length: 32 }, () => dnsName('a')), uriName(ID))],
      ['path_search_exhausted', peer({ chain: [issueLeaf(clique[0] ?? root, ID), ...clique], anchors: [foreignRoot] })],
    ],
  },
};

function other(usage: Parameters<Attempt>[0]): 'client' | 'server' {
  return usage === 'client' ? 'server' : 'client';
}
