import { constants, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export type Alg = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512';
export type Json = Record<string, unknown>;

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const NOW = 1_795_330_350_000;
export const NOW_SECONDS = NOW / 1000;
export const AUDIENCE = 'spiffe://td/server';

export function ecPair(namedCurve = 'P-256'): KeyPair {
  return readPair(generateKeyPairSync('ec', { namedCurve }));
}

export function rsaPair(modulusLength = 2048, publicExponent = 65537): KeyPair {
  return readPair(generateKeyPairSync('rsa', { modulusLength, publicExponent }));
}

/**
 * In Node 20 a key shares a lock with what made it; where the garbage collector takes that away while the key is written as a JWK, the
 * thread waits for itself for ever. A key that was read does not.
 */
function readPair({ privateKey: made }: KeyPair): KeyPair {
  const privateKey = createPrivateKey({ key: made.export({ type: 'pkcs8', format: 'der' }), type: 'pkcs8', format: 'der' });
  return { publicKey: createPublicKey(privateKey), privateKey };
}

/** A public JWK with `use` and `kid`; `undefined` in `changes` removes a member. */
export function jwkOf(pair: KeyPair, kid: string | undefined, changes: Json = {}): Json {
  const jwk: Json = { ...pair.publicKey.export({ format: 'jwk' }), use: 'jwt-svid', kid, ...changes };
  return Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== undefined));
}

export function jwksOf(...keys: readonly unknown[]): string {
  return JSON.stringify({ keys });
}

export function claimsFor(sub = 'spiffe://td/client', changes: Json = {}): Json {
  const claims: Json = { sub, aud: [AUDIENCE], exp: NOW_SECONDS + 300, iat: NOW_SECONDS, ...changes };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

export function base64url(value: string | Uint8Array): string {
  return Buffer.from(value as string).toString('base64url');
}

/** Signs any header and payload text, well-formed or not. */
export function signParts(header: string, payload: string, alg: Alg, key: KeyObject): string {
  return signText(`${base64url(header)}.${base64url(payload)}`, alg, key);
}

export function signText(text: string, alg: Alg, key: KeyObject): string {
  const hash = `sha${alg.slice(2)}`;
  const data = Buffer.from(text);
  const saltLength = Number(alg.slice(2)) / 8;
  switch (alg.slice(0, 2)) {
    case 'ES':
      return `${text}.${base64url(sign(hash, data, { key, dsaEncoding: 'ieee-p1363' }))}`;
    case 'PS':
      return `${text}.${base64url(sign(hash, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }))}`;
    default:
      return `${text}.${base64url(sign(hash, data, key))}`;
  }
}

/** A token as SPIRE would issue it, with changes to header and claims; `undefined` removes a member. */
export function issue(
  pair: KeyPair,
  options: { readonly alg?: Alg; readonly kid?: string | undefined; readonly header?: Json; readonly claims?: Json } = {},
): string {
  const { alg = 'ES256', header = {}, claims = claimsFor() } = options;
  const kid = 'kid' in options ? options.kid : 'k1';
  return signParts(JSON.stringify({ alg, kid, typ: 'JWT', ...header }), JSON.stringify(claims), alg, pair.privateKey);
}
