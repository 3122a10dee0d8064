import { createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import { newKey } from './new-key.js';

/** What can be chosen about a JWT-SVID. */
export interface JwtSvidOptions {
  /** Who it is for; at least one value. */
  readonly audience: string | readonly string[];
  /** Lifetime from now. Default: the trust domain's `jwtSvidTtlMs`. */
  readonly ttlMs?: number;
  /** Absolute `exp` in ms since the epoch, also in the past; wins over {@link ttlMs}. Rounded down to a whole second. */
  readonly expiresAt?: number;
  /** Further claims; they win over the registered ones, so a broken token can be made on purpose. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /**
   * `authority` (default): the trust domain's current key. `unknown-key`: a key that no bundle holds, with a `kid`
   * that no bundle knows. `forged`: such a key under the authority's own `kid`.
   */
  readonly signedBy?: 'authority' | 'unknown-key' | 'forged';
}

/** One JWT signing key, ES256. */
export class JwtAuthority {
  readonly keyId = randomUUID();
  readonly #privateKey: KeyObject = newKey();

  /** The public key as a JWK; `use` only where asked for, as SPIRE leaves it out of Workload API bundles. */
  publicJwk(withUse: boolean): Record<string, unknown> {
    const jwk = createPublicKey(this.#privateKey).export({ format: 'jwk' });
    return { kty: jwk.kty, kid: this.keyId, crv: jwk.crv, x: jwk.x, y: jwk.y, ...(withUse ? { use: 'jwt-svid' } : {}) };
  }

  /** Signs a token for `subject`, under `keyId`, which defaults to this key's own. */
  async sign(
    subject: string,
    options: JwtSvidOptions & { readonly ttlMs: number; readonly now: number },
    keyId: string = this.keyId,
  ): Promise<string> {
    const { audience, now } = options;
    const audiences = typeof audience === 'string' ? [audience] : [...audience];
    if (audiences.length === 0) throw new TypeError('a JWT-SVID needs at least one audience');
    const payload: JWTPayload = {
      sub: subject,
      aud: audiences,
      iat: Math.floor(Math.min(now, options.expiresAt ?? now) / 1000),
      exp: Math.floor((options.expiresAt ?? now + options.ttlMs) / 1000),
      ...options.claims,
    };
    return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: keyId, typ: 'JWT' }).sign(this.#privateKey);
  }
}
