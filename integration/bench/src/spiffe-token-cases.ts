import { verify } from 'node:crypto';
import {
  createBundleSet,
  createJwtSvidVerifier,
  type JwtBundleSource,
  parseJwtBundle,
  parseTrustDomain,
  verifyJwtSvid,
} from '@dirgate/spiffe';
import {
  REMEMBERED_GOAL,
  requireVerified,
  SHORT_MEMORY,
  type SpiffeCase,
  type SpiffeGoal,
  trustDomainName,
  workloadId,
  workOn,
} from './spiffe-case.js';
import { type MeasuredToken, newTokenKey, signToken, TOKEN_ALGORITHMS, type TokenKey } from './spiffe-tokens.js';

const AUDIENCE = 'spiffe://directory.example/dir';
const HOUR_MS = 3_600_000;
const COLD_GOAL: SpiffeGoal = { timesOneVerify: 1.25 };

/** The cases of JWT-SVIDs, with a bundle for each of `trustDomains`, every one of which holds the same three keys. */
export function createTokenCases(trustDomains: number, credentials: number, now: number): readonly SpiffeCase[] {
  const keys = TOKEN_ALGORITHMS.map(newTokenKey);
  const jwks = JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
  const jwt = Array.from({ length: trustDomains }, (_, index) =>
    parseJwtBundle(parseTrustDomain(trustDomainName(index)), jwks, { keysWithoutUse: 'ignore' }),
  );
  const bundles = createBundleSet({ jwt });
  return keys.flatMap((key) => {
    const tokens = Array.from({ length: credentials }, (_, index) =>
      signToken(key, {
        sub: workloadId(index, trustDomains, credentials),
        aud: [AUDIENCE],
        iat: Math.floor(now / 1000),
        exp: Math.floor((now + HOUR_MS) / 1000),
      }),
    );
    return casesOf(key, tokens, bundles, trustDomains, now);
  });
}

function casesOf(
  key: TokenKey,
  tokens: readonly MeasuredToken[],
  bundles: JwtBundleSource,
  trustDomains: number,
  now: number,
): readonly SpiffeCase[] {
  const audience = [AUDIENCE];
  const forgetful = createJwtSvidVerifier({ bundles, audience, maxCachedTokens: SHORT_MEMORY });
  const remembering = createJwtSvidVerifier({ bundles, audience });
  const raw = workOn(tokens, ({ signed, signature }) => requireVerified(verify('sha256', signed, key.raw, signature)));
  const cold: SpiffeCase = {
    name: `JWT-SVID ${key.algorithm}, cold`,
    trustDomains,
    kind: 'cold',
    signatures: 1,
    credentials: tokens.length,
    subject: workOn(tokens, ({ token }) => verifyJwtSvid(token, bundles, { audience, now })),
    neededVerifies: raw,
    oneVerify: raw,
    goal: COLD_GOAL,
  };
  return [
    cold,
    {
      ...cold,
      name: `JWT-SVID ${key.algorithm}, cold, then remembered`,
      subject: workOn(tokens, ({ token }) => forgetful.verify(token, now)),
    },
    {
      ...cold,
      name: `JWT-SVID ${key.algorithm}, remembered`,
      kind: 'remembered',
      subject: workOn(tokens, ({ token }) => remembering.verify(token, now)),
      goal: REMEMBERED_GOAL,
    },
    {
      ...cold,
      name: `(${key.algorithm}: base64, JSON.parse and crypto.verify)`,
      kind: 'floor',
      subject: workOn(tokens, floorOf(key)),
      goal: undefined,
    },
  ];
}

/** What no verifier can leave out: no check of form, time, audience or key, and no strictness. */
function floorOf(key: TokenKey): (token: MeasuredToken) => void {
  return ({ token }) => {
    const [header = '', payload = '', signature = ''] = token.split('.');
    JSON.parse(Buffer.from(header, 'base64url').toString());
    JSON.parse(Buffer.from(payload, 'base64url').toString());
    const signed = Buffer.from(token.slice(0, header.length + 1 + payload.length), 'latin1');
    requireVerified(verify('sha256', signed, key.raw, Buffer.from(signature, 'base64url')));
  };
}
