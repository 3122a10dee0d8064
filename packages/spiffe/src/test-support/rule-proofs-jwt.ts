import { createBundleSet } from '../bundle-set.js';
import { type JwtBundle, parseJwtBundle } from '../jwt-bundle.js';
import { parseTrustDomain } from '../trust-domain.js';
import { verifyJwtSvid } from '../verify-jwt-svid.js';
import {
  AUDIENCE,
  base64url,
  claimsFor,
  ecPair,
  issue,
  type Json,
  jwkOf,
  jwksOf,
  type KeyPair,
  NOW,
  NOW_SECONDS,
  signParts,
} from './jwt-issuer.js';
import { type Attempt, oneChange, type RuleProofs } from './rule-proof.js';

const pair = ecPair();
const p384 = ecPair('P-384');
const foreign = ecPair();
const EXPECTATION = { audience: [AUDIENCE], now: NOW, leewayMs: 0 };

function bundleOf(name: string, keys: readonly Json[], keysWithoutUse: 'jwt-svid' | 'ignore' = 'ignore'): JwtBundle {
  return parseJwtBundle(parseTrustDomain(name), jwksOf(...keys), { keysWithoutUse });
}
const bundles = createBundleSet({
  jwt: [bundleOf('td', [jwkOf(pair, 'k1'), jwkOf(p384, 'k384')]), bundleOf('b', [jwkOf(foreign, 'k1')])],
});

const token =
  (text: unknown, changes: object = {}): Attempt =>
  () =>
    verifyJwtSvid(text as string, bundles, { ...EXPECTATION, ...changes });
const header = (changes: Json): Attempt => token(issue(pair, { header: changes }));
const claim = (changes: Json): Attempt => token(issue(pair, { claims: claimsFor(undefined, changes) }));
const texts = (headerText: string, payload: string | Buffer): Attempt =>
  token(signParts(headerText, payload as string, 'ES256', pair.privateKey));
const HEADER = '{"alg":"ES256","kid":"k1"}';
const CLAIMS = JSON.stringify(claimsFor());
const good = issue(pair);

/** A token by `signer`, in front of somebody who read these keys. */
const withKeys = (keys: readonly Json[], options: { kid?: string | undefined; signer?: KeyPair; workloadApi?: boolean } = {}) => {
  const bundle = bundleOf('td', keys, options.workloadApi === true ? 'jwt-svid' : 'ignore');
  const text = issue(options.signer ?? pair, 'kid' in options ? { kid: options.kid } : {});
  return () => verifyJwtSvid(text, createBundleSet({ jwt: [bundle] }), EXPECTATION);
};
const withKey = (changes: Json): Attempt => withKeys([jwkOf(foreign, 'other'), jwkOf(pair, 'k1', changes)]);
const nineKeys = Array.from({ length: 9 }, () => ecPair());
const nineJwks = nineKeys.map((one, i) => jwkOf(one, `n${i}`));
const padded = (bytes: number): string => {
  for (let pad = 5700; pad < 6200; pad++) {
    for (const kid of ['k1', undefined]) {
      const text = issue(pair, { kid, claims: claimsFor(undefined, { pad: 'x'.repeat(pad) }) });
      if (text.length === bytes) return text;
    }
  }
  throw new Error('no token of that length');
};
const nested = (depth: number) => CLAIMS.replace('{', `{"x":${'['.repeat(depth)}${']'.repeat(depth)},`);

/** Rules about tokens and the keys that verify them. */
export const JWT_PROOFS: RuleProofs = {
  'ID-13': { accepts: [token(good)], refuses: [['jwt_signature', token(issue(foreign))]] },
  'ID-15': {
    accepts: [
      () => {
        const set = createBundleSet({ jwt: [bundleOf('constructor', [jwkOf(pair, 'k1')])] });
        return verifyJwtSvid(issue(pair, { claims: claimsFor('spiffe://constructor/a') }), set, EXPECTATION);
      },
    ],
    refuses: [['jwt_untrusted_domain', claim({ sub: 'spiffe://constructor/a' })]],
  },
  'J-1': oneChange<unknown>(
    token,
    good,
    ['jwt_malformed', good.slice(0, good.lastIndexOf('.'))],
    ['jwt_malformed', `${good}.${base64url('x')}`],
    ['jwt_malformed', { toString: () => good }],
  ),
  'J-2': oneChange<unknown>(
    (alg) => header({ alg }),
    'ES256',
    ['jwt_algorithm', 'none'],
    ['jwt_algorithm', 'HS256'],
    ['jwt_algorithm', 'EdDSA'],
    ['jwt_algorithm', undefined],
  ),
  'J-3': oneChange(header, {}, ['jwt_header_member', { crit: ['b64'] }], ['jwt_header_member', { jwk: {} }]),
  'J-4': {
    accepts: [withKeys(nineJwks, { kid: undefined, signer: nineKeys[7] ?? pair })],
    refuses: [['jwt_no_matching_key', withKeys(nineJwks, { kid: undefined, signer: nineKeys[8] ?? pair })]],
  },
  'J-5': oneChange<unknown>((typ) => header({ typ }), 'JOSE', ['jwt_type', 'wit+jwt'], ['jwt_type', 'jwt'], ['jwt_type', 1]),
  'J-6': oneChange<unknown>((kid) => header({ kid }), 'k1', ['jwt_key_unknown', 'k2'], ['jwt_key_id', ''], ['jwt_key_id', 1]),
  'J-7': {
    accepts: [token(issue(p384, { alg: 'ES384', kid: 'k384' })), withKey({ alg: 'ES256' })],
    refuses: [
      ['jwt_key_mismatch', token(issue(p384, { alg: 'ES384', kid: 'k1' }))],
      ['jwt_key_mismatch', token(issue(pair, { kid: 'k384' }))],
    ],
  },
  'J-8': oneChange<unknown>(
    (sub) => claim({ sub }),
    'spiffe://td/a',
    ['jwt_subject', 'spiffe://td'],
    ['jwt_subject', 'spiffe://TD/a'],
    ['jwt_subject', undefined],
  ),
  'J-9': oneChange<unknown>(
    (aud) => claim({ aud }),
    AUDIENCE,
    ['jwt_audience', undefined],
    ['jwt_audience', []],
    ['jwt_audience', [AUDIENCE, 1]],
  ),
  'J-10': oneChange(
    (aud: readonly string[]) => claim({ aud }),
    ['x', AUDIENCE],
    ['jwt_audience_mismatch', ['x', `${AUDIENCE}/`]],
    ['jwt_audience_mismatch', ['x', AUDIENCE.toUpperCase()]],
  ),
  'J-11': oneChange<unknown>(
    (audience) => token(good, { audience }),
    [AUDIENCE],
    ['expected_audience', []],
    ['expected_audience', [AUDIENCE, '']],
    ['expected_audience', undefined],
  ),
  'J-12': {
    accepts: [claim({ exp: NOW_SECONDS + 1 }), token(good, { leewayMs: 60_000 })],
    refuses: [
      ['jwt_expired', claim({ exp: NOW_SECONDS })],
      ['jwt_expiry_missing', claim({ exp: undefined })],
      ['leeway_out_of_range', token(good, { leewayMs: 60_001 })],
      ['clock_invalid', token(good, { now: Number.NaN })],
    ],
  },
  'J-13': {
    accepts: [claim({ nbf: NOW_SECONDS }), claim({ iat: NOW_SECONDS + 1000 })],
    refuses: [['jwt_not_yet_valid', claim({ nbf: NOW_SECONDS + 1 })]],
  },
  'J-14': oneChange<unknown>(
    (iat) => claim({ iat }),
    NOW_SECONDS,
    ['jwt_numeric_date', `${NOW_SECONDS}`],
    ['jwt_numeric_date', -1],
    ['jwt_numeric_date', null],
  ),
  'J-15': {
    accepts: [token(issue(foreign, { claims: claimsFor('spiffe://b/a') }))],
    refuses: [
      ['jwt_signature', token(issue(foreign, { claims: claimsFor('spiffe://td/a') }))],
      ['jwt_untrusted_domain', token(issue(foreign, { claims: claimsFor('spiffe://c/a') }))],
    ],
  },
  'J-16': oneChange((use: string) => withKey({ use }), 'jwt-svid', ['jwt_key_unknown', 'x509-svid']),
  'J-17': oneChange<unknown>(
    (use) => withKey({ use }),
    'jwt-svid',
    ['jwt_key_unknown', undefined],
    ['jwt_key_unknown', 'sig'],
    ['jwt_key_unknown', 'JWT-SVID'],
  ),
  'J-18': oneChange<unknown>(
    (use) => withKeys([jwkOf(pair, 'k1', { use })], { workloadApi: true }),
    undefined,
    ['jwt_key_unknown', 'sig'],
    ['jwt_key_unknown', 'x509-svid'],
  ),
  'J-20': oneChange(
    withKey,
    {},
    ['jwt_key_unknown', { d: 'AA' }],
    ['jwt_key_unknown', { y: jwkOf(foreign, 'k1')['y'] }],
    ['jwt_key_unknown', { kid: undefined }],
  ),
  'J-21': {
    accepts: [withKeys([jwkOf(pair, 'k1'), jwkOf(foreign, 'k2')])],
    refuses: [['jwt_key_ambiguous', withKeys([jwkOf(pair, 'k1'), jwkOf(foreign, 'k1')])]],
  },
  'J-26': {
    accepts: [token(padded(8192)), claim({ aud: Array(32).fill(AUDIENCE) }), texts(HEADER, nested(31))],
    refuses: [
      ['jwt_too_large', token(padded(8193))],
      ['jwt_too_many_audiences', claim({ aud: Array(33).fill(AUDIENCE) })],
      ['jwt_too_deep', texts(HEADER, nested(32))],
    ],
  },
  'J-27': {
    accepts: [texts(HEADER, CLAIMS)],
    refuses: [
      ['jwt_encoding', token(`${good}=`)],
      ['jwt_encoding', texts(HEADER, `\ufeff${CLAIMS}`)],
      ['jwt_encoding', texts(HEADER, Buffer.from(CLAIMS.replace('}', ',"x":"\xff"}'), 'latin1'))],
      ['jwt_duplicate_member', texts(HEADER, CLAIMS.replace('}', ',"s\\u0075b":"spiffe://td/admin"}'))],
    ],
  },
  'B-2': {
    accepts: [withKeys([jwkOf(pair, 'k1')])],
    refuses: [
      ['jwt_key_unknown', withKeys([])],
      ['jwt_no_matching_key', withKeys([], { kid: undefined })],
    ],
  },
  'B-3': oneChange<unknown>((kty) => withKey({ kty }), 'EC', ['jwt_key_unknown', 'OKP'], ['jwt_key_unknown', undefined]),
  'B-4': oneChange<unknown>((use) => withKey({ use }), 'jwt-svid', ['jwt_key_unknown', undefined], ['jwt_key_unknown', 'x']),
  'B-5': oneChange((use: string) => withKey({ use }), 'jwt-svid', ['jwt_key_unknown', 'JWT-SVID']),
};
