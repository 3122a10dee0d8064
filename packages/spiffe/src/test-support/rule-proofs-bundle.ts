import { parseBundleMap } from '../bundle-map.js';
import { createBundleSet } from '../bundle-set.js';
import { parseJwtBundle } from '../jwt-bundle.js';
import { parseSpiffeBundle } from '../spiffe-bundle.js';
import { parseTrustDomain } from '../trust-domain.js';
import { verifyJwtSvid } from '../verify-jwt-svid.js';
import { parseX509Bundle } from '../x509-bundle.js';
import { AUDIENCE, ecPair, issue, jwkOf, jwksOf, NOW } from './jwt-issuer.js';
import { type Attempt, oneChange, type RuleProofs } from './rule-proof.js';

const td = parseTrustDomain('td');
const pair = ecPair();
const KEYS = jwksOf(jwkOf(pair, 'k1'));
const LIMIT = 4 * 1024 * 1024;

const jwks = (text: string) => () => parseJwtBundle(td, text, { keysWithoutUse: 'ignore' });
const document = (member: string) => () => parseSpiffeBundle(td, KEYS.replace('}]}', `}],${member}}`));
const map = (text: string) => () => parseBundleMap(text);
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
/** A token of td, in front of somebody who read this map. */
const tokenUnder =
  (text: string): Attempt =>
  () =>
    verifyJwtSvid(issue(pair), parseBundleMap(text), { audience: [AUDIENCE], now: NOW });

/** An attempt whose result, too, must be as said. */
function yields<T>(attempt: () => T, expected: unknown, of: (value: T) => unknown): Attempt {
  return () => {
    const value = of(attempt());
    if (value !== expected) throw new Error(`got ${String(value)}, not ${String(expected)}`);
  };
}

/** Rules about bundle documents and bundle maps. */
export const BUNDLE_PROOFS: RuleProofs = {
  'B-1': oneChange(jwks, '{"keys":[]}', ['jwks_malformed', '{"keys":{}}'], ['jwks_malformed', '{}'], ['jwks_malformed', '']),
  'B-6': oneChange(jwks, '{"keys":[],"x":{"y":[null]}}', ['jwks_malformed', '{"Keys":[],"x":{"y":[null]}}']),
  'B-7': {
    accepts: [yields(document('"spiffe_sequence":9007199254740993'), 9007199254740993n, (bundle) => bundle.sequence)],
    refuses: [
      ['bundle_sequence', document('"spiffe_sequence":"9007199254740993"')],
      ['bundle_sequence', document('"spiffe_sequence":1.5')],
    ],
  },
  'B-9': {
    accepts: [yields(document('"spiffe_refresh_hint":300'), 300_000, (bundle) => bundle.refreshHintMs)],
    refuses: [
      ['bundle_refresh_hint', document('"spiffe_refresh_hint":"300"')],
      ['bundle_refresh_hint', document('"spiffe_refresh_hint":0.5')],
    ],
  },
  'B-12': oneChange(
    map,
    '{"trust_domains":{}}',
    ['bundle_map_malformed', '{}'],
    ['bundle_map_malformed', '{"trust_domains":[]}'],
  ),
  'B-13': oneChange(
    (name: string) => map(`{"trust_domains":{"${name}":${KEYS}}}`),
    'example.org',
    ['bundle_map_trust_domain', 'spiffe://example.org'],
    ['bundle_map_trust_domain', 'Example.org'],
  ),
  'B-14': {
    accepts: [map(`{"trust_domains":{"td":${KEYS},"tb":${KEYS}}}`), () => createBundleSet({ jwt: [jwks(KEYS)()] })],
    refuses: [
      ['bundle_map_duplicate_member', map(`{"trust_domains":{"td":${KEYS},"td":${KEYS}}}`)],
      ['bundle_map_duplicate_member', map(`{"trust_domains":{"td":${KEYS},"t\\u0064":${KEYS}}}`)],
      ['duplicate_trust_domain', () => createBundleSet({ jwt: [jwks(KEYS)(), jwks(KEYS)()] })],
    ],
  },
  'B-15': {
    accepts: [
      yields(
        map(`{"trust_domains":{"td":{"keys":[],"spiffe_refresh_hint":"300"}}}`),
        undefined,
        (all) => all.bundle(td)?.refreshHintMs,
      ),
    ],
    refuses: [['bundle_refresh_hint', () => parseSpiffeBundle(td, '{"keys":[],"spiffe_refresh_hint":"300"}')]],
  },
  'B-16': {
    accepts: [tokenUnder(`{"trust_domains":{"td":${KEYS},"b":{"keys":[]}}}`)],
    refuses: [
      ['jwks_malformed', tokenUnder(`{"trust_domains":{"td":${KEYS},"b":{}}}`)],
      ['jwt_untrusted_domain', tokenUnder('{"trust_domains":{"b":{"keys":[]}}}')],
    ],
  },
  'B-17': oneChange(
    jwks,
    '{"keys":[{"a":1},{"a":1}]}',
    ['jwks_duplicate_member', '{"keys":[{"a":1,"a":1}]}'],
    ['jwks_duplicate_member', '{"keys":[{"a":1,"\\u0061":1}]}'],
  ),
  'B-18': {
    accepts: [
      jwks('{"keys":[]}'.padEnd(LIMIT)),
      jwks(`{"keys":[],"x":${nested(31)}}`),
      map('{"trust_domains":{}}'.padEnd(LIMIT)),
      map(`{"trust_domains":{},"x":${nested(31)}}`),
    ],
    refuses: [
      ['jwks_too_large', jwks('{"keys":[]}'.padEnd(LIMIT + 1))],
      ['jwks_too_deep', jwks(`{"keys":[],"x":${nested(32)}}`)],
      ['bundle_map_too_large', map('{"trust_domains":{}}'.padEnd(LIMIT + 1))],
      ['bundle_map_too_deep', map(`{"trust_domains":{},"x":${nested(32)}}`)],
      ['x509_bundle_too_large', () => parseX509Bundle(td, Buffer.alloc(LIMIT + 1))],
    ],
  },
};
