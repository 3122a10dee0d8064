import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  type SignKeyObjectInput,
  sign,
  type VerifyKeyObjectInput,
} from 'node:crypto';

/** The algorithms that are measured, with what node:crypto needs to sign and to verify. */
export const TOKEN_ALGORITHMS = ['ES256', 'RS256', 'PS256'] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** A signing key under its `kid`. */
export interface TokenKey {
  readonly algorithm: TokenAlgorithm;
  readonly privateKey: KeyObject;
  /** What `crypto.verify` takes: the imported key with what the algorithm fixes. */
  readonly raw: VerifyKeyObjectInput;
  readonly jwk: object;
}

/** A token, beside the bare parts of it that a raw `crypto.verify` needs. */
export interface MeasuredToken {
  readonly token: string;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** What every token says; an issuer such as SPIRE says as much. */
export interface TokenClaims {
  readonly sub: string;
  readonly aud: readonly string[];
  readonly iat: number;
  readonly exp: number;
}

const SIGNATURE_OPTIONS = {
  ES256: { dsaEncoding: 'ieee-p1363' },
  RS256: { padding: constants.RSA_PKCS1_PADDING },
  PS256: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
} as const satisfies Record<TokenAlgorithm, Omit<SignKeyObjectInput, 'key'>>;

/** A new key: P-256, or RSA of 2048 bits. */
export function newTokenKey(algorithm: TokenAlgorithm): TokenKey {
  const { privateKey: made } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  // Read anew: in Node 20 a key that was made here may wait for itself for ever when it is written as a JWK.
  const privateKey = createPrivateKey({ key: made.export({ type: 'pkcs8', format: 'der' }), type: 'pkcs8', format: 'der' });
  const publicKey = createPublicKey(privateKey);
  const raw = { key: publicKey, ...SIGNATURE_OPTIONS[algorithm] };
  return { algorithm, privateKey, raw, jwk: { ...publicKey.export({ format: 'jwk' }), kid: kidOf(algorithm), use: 'jwt-svid' } };
}

/** Signs one token. `@dirgate/testing` signs ES256 alone. */
export function signToken({ algorithm, privateKey }: TokenKey, claims: TokenClaims): MeasuredToken {
  const signedText = `${encode({ alg: algorithm, kid: kidOf(algorithm), typ: 'JWT' })}.${encode(claims)}`;
  const signed = Buffer.from(signedText, 'latin1');
  const signature = sign('sha256', signed, { key: privateKey, ...SIGNATURE_OPTIONS[algorithm] });
  return { token: `${signedText}.${signature.toString('base64url')}`, signed, signature };
}

function kidOf(algorithm: TokenAlgorithm): string {
  // As long as the ones of SPIRE.
  return `${algorithm}-0123456789abcdefghijklmnop`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
