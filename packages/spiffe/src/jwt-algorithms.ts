import { constants, type KeyObject, verify } from 'node:crypto';
import type { CurveName } from './elliptic-curve.js';

/** The nine algorithms of JWT-SVID §2.1. */
export type JwtAlgorithm = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512';

/** What a key is, as far as the choice of an algorithm goes: an RSA key, or a point on one of three curves. */
export type KeyFamily = 'RSA' | CurveName;

interface JwtAlgorithmSpec {
  readonly name: JwtAlgorithm;
  /** Fixed by the algorithm, so that a token cannot make a key do what it was not made for (J-7). */
  readonly family: KeyFamily;
  readonly check: (data: Buffer, key: KeyObject, signature: Buffer) => boolean;
}

function rsaPkcs1(name: JwtAlgorithm, hash: string): JwtAlgorithmSpec {
  const padding = constants.RSA_PKCS1_PADDING;
  return { name, family: 'RSA', check: (data, key, signature) => verify(hash, data, { key, padding }, signature) };
}

function rsaPss(name: JwtAlgorithm, hash: string, saltLength: number): JwtAlgorithmSpec {
  // RFC 7518 §3.5: the salt is as long as the digest. Node's default would take any length.
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return { name, family: 'RSA', check: (data, key, signature) => verify(hash, data, { key, padding, saltLength }, signature) };
}

function ecdsa(name: JwtAlgorithm, hash: string, family: KeyFamily): JwtAlgorithmSpec {
  // RFC 7518 §3.4: r and s side by side. Node's default would take DER.
  const dsaEncoding = 'ieee-p1363';
  return { name, family, check: (data, key, signature) => verify(hash, data, { key, dsaEncoding }, signature) };
}

const ALGORITHMS: ReadonlyMap<string, JwtAlgorithmSpec> = new Map(
  [
    rsaPkcs1('RS256', 'sha256'),
    rsaPkcs1('RS384', 'sha384'),
    rsaPkcs1('RS512', 'sha512'),
    rsaPss('PS256', 'sha256', 32),
    rsaPss('PS384', 'sha384', 48),
    rsaPss('PS512', 'sha512', 64),
    ecdsa('ES256', 'sha256', 'P-256'),
    ecdsa('ES384', 'sha384', 'P-384'),
    ecdsa('ES512', 'sha512', 'P-521'),
  ].map((algorithm) => [algorithm.name, algorithm]),
);

/** The algorithm of that exact name, or `undefined`. The table is closed: `none`, HMAC and EdDSA are not in it. */
export function jwtAlgorithm(name: unknown): JwtAlgorithmSpec | undefined {
  return typeof name === 'string' ? ALGORITHMS.get(name) : undefined;
}

export type { JwtAlgorithmSpec };
