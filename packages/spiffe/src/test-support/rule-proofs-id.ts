import { parseSpiffeId } from '../spiffe-id.js';
import { oneChange, type RuleProofs } from './rule-proof.js';

const id = (text: unknown) => () => parseSpiffeId(text as string);
const GOOD = 'spiffe://td/a';
const longId = (bytes: number) => `spiffe://td/${'a'.repeat(bytes - 12)}`;
const longTrustDomain = (bytes: number) => `spiffe://${'a'.repeat(bytes)}/a`;

/** Rules about the text of an ID. */
export const ID_PROOFS: RuleProofs = {
  'ID-1': oneChange<unknown>(
    id,
    GOOD,
    ['id_scheme', 'SPIFFE://td/a'],
    ['id_scheme', 'spiffe:/td/a'],
    ['id_not_text', new String(GOOD)],
  ),
  'ID-2': oneChange(id, GOOD, ['trust_domain_empty', 'spiffe:///a'], ['trust_domain_empty', 'spiffe://']),
  'ID-3': oneChange(id, GOOD, ['id_query_or_fragment', `${GOOD}?`], ['id_query_or_fragment', `${GOOD}#`]),
  'ID-4': oneChange(id, GOOD, ['id_userinfo_or_port', 'spiffe://@td/a'], ['id_userinfo_or_port', 'spiffe://td:/a']),
  'ID-5': oneChange(
    id,
    'spiffe://a_b-1.x/a',
    ['trust_domain_character', 'spiffe://A_b-1.x/a'],
    ['trust_domain_character', 'spiffe://%61_b-1.x/a'],
    ['trust_domain_character', 'spiffe://[::1]/a'],
  ),
  'ID-7': oneChange(id, 'spiffe://td/a_b/SA.1-', ['id_path_character', 'spiffe://td/a_b/SA:1-']),
  'ID-8': oneChange(
    id,
    'spiffe://td/.../.a',
    ['id_path_segment', 'spiffe://td/.../.a/'],
    ['id_path_segment', 'spiffe://td//.a'],
    ['id_path_segment', 'spiffe://td/../.a'],
    ['id_path_segment', 'spiffe://td/./.a'],
  ),
  'ID-9': {
    accepts: [id(longId(2048)), id(longTrustDomain(255))],
    refuses: [
      ['id_too_long', id(longId(2049))],
      ['trust_domain_too_long', id(longTrustDomain(256))],
    ],
  },
  'ID-11': oneChange(
    id,
    GOOD,
    ['id_control_character', `${GOOD}\n`],
    ['id_control_character', 'spiffe://t\td/a'],
    ['id_control_character', `${GOOD}\0`],
    ['id_path_character', `${GOOD} `],
    ['trust_domain_character', 'spiffe://\uff54d/a'],
  ),
};
