import {
  type JwtBundle,
  parseJwtBundle,
  parseSpiffeId,
  parseTrustDomain,
  parseX509Bundle,
  type SpiffeId,
  type TrustDomain,
  type X509Bundle,
} from '@dirgate/spiffe';
import { JwtAuthority, type JwtSvidOptions } from './jwt-authority.js';
import { X509Authority } from './x509-authority.js';
import type { X509SvidMaterial, X509SvidOptions } from './x509-svid-material.js';

const DEFAULT_X509_SVID_TTL_MS = 60 * 60 * 1000;
const DEFAULT_JWT_SVID_TTL_MS = 5 * 60 * 1000;

/** One trust domain of an identity authority. */
export interface TrustDomainOptions {
  /** Trust domain name, without scheme. */
  readonly name: string;
  /** Names of the trust domains whose bundles this one's workloads are given. Default none. */
  readonly federatesWith?: readonly string[];
  /** Default one hour. */
  readonly x509SvidTtlMs?: number;
  /** Default five minutes. */
  readonly jwtSvidTtlMs?: number;
  /** CAs between root and leaf, sent with each SVID. Default 0. */
  readonly intermediates?: number;
  /** Whether keys in JWT bundles carry `use`. Default `false`: SPIRE leaves it out of the Workload API. */
  readonly jwtKeyUse?: boolean;
}

/** What changed in a trust domain. */
export type AuthorityChange = 'x509-authority' | 'x509-bundle' | 'jwt-bundle';

/**
 * The authorities of one trust domain: issues SVIDs, holds the bundles. All methods act at once; workloads that are
 * being served are pushed what changed for them.
 */
export class TrustDomainAuthority {
  readonly name: string;
  /** Lifetime of an X509-SVID where none is asked for. */
  readonly x509SvidTtlMs: number;
  /** Lifetime of a JWT-SVID where none is asked for. */
  readonly jwtSvidTtlMs: number;
  readonly #trustDomain: TrustDomain;
  readonly #intermediates: number;
  readonly #jwtKeyUse: boolean;
  readonly #clock: () => number;
  readonly #changed: (change: AuthorityChange) => void;
  #generation = 0;
  #x509: readonly [X509Authority, ...X509Authority[]];
  #jwt: readonly [JwtAuthority, ...JwtAuthority[]] = [new JwtAuthority()];
  #x509Bundle: X509Bundle | undefined;
  #jwtBundle: JwtBundle | undefined;

  /** @internal Made by `createIdentityAuthority`. */
  constructor(options: TrustDomainOptions, clock: () => number, changed: (change: AuthorityChange) => void) {
    this.#trustDomain = parseTrustDomain(options.name);
    this.name = this.#trustDomain.name;
    this.x509SvidTtlMs = positive('x509SvidTtlMs', options.x509SvidTtlMs ?? DEFAULT_X509_SVID_TTL_MS);
    this.jwtSvidTtlMs = positive('jwtSvidTtlMs', options.jwtSvidTtlMs ?? DEFAULT_JWT_SVID_TTL_MS);
    this.#intermediates = options.intermediates ?? 0;
    this.#jwtKeyUse = options.jwtKeyUse ?? false;
    this.#clock = clock;
    this.#changed = changed;
    this.#x509 = [this.#newX509Authority()];
  }

  /** A new key and certificate for a workload of this trust domain. @throws SpiffeError, RangeError */
  issueX509Svid(id: string | SpiffeId, options: X509SvidOptions = {}): X509SvidMaterial {
    return this.#issueX509(this.#ownId(id), options);
  }

  /**
   * As {@link issueX509Svid}, for an ID of *another* trust domain: what an impostor would present.
   * No verifier may accept it.
   */
  issueForeignX509Svid(id: string | SpiffeId, options: X509SvidOptions = {}): X509SvidMaterial {
    return this.#issueX509(parseSpiffeId(id.toString()).toString(), options);
  }

  /** A signed token that names a workload of this trust domain. Rejects with SpiffeError or RangeError on a foreign ID. */
  async issueJwtSvid(id: string | SpiffeId, options: JwtSvidOptions): Promise<string> {
    return this.#issueJwt(this.#ownId(id), options);
  }

  /** As {@link issueJwtSvid}, for an ID of *another* trust domain. No verifier may accept it. */
  async issueForeignJwtSvid(id: string | SpiffeId, options: JwtSvidOptions): Promise<string> {
    return this.#issueJwt(parseSpiffeId(id.toString()).toString(), options);
  }

  /** Adds a CA, which signs from now on; the older ones stay in the bundle. Served workloads get new SVIDs. */
  rotateX509Authority(): void {
    this.#x509 = [this.#newX509Authority(), ...this.#x509];
    this.#x509Bundle = undefined;
    this.#changed('x509-authority');
  }

  /** Removes all CAs but the newest from the bundle: what they signed is not trusted any more. */
  retireX509Authorities(): void {
    this.#x509 = [this.#x509[0]];
    this.#x509Bundle = undefined;
    this.#changed('x509-bundle');
  }

  /** Adds a JWT key, which signs from now on; the older ones stay in the bundle. */
  rotateJwtAuthority(): void {
    this.#jwt = [new JwtAuthority(), ...this.#jwt];
    this.#jwtBundle = undefined;
    this.#changed('jwt-bundle');
  }

  /** Removes all JWT keys but the newest from the bundle. */
  retireJwtAuthorities(): void {
    this.#jwt = [this.#jwt[0]];
    this.#jwtBundle = undefined;
    this.#changed('jwt-bundle');
  }

  /** The roots, newest first, as concatenated DER. */
  x509BundleDer(): Uint8Array {
    return Buffer.concat(this.#x509.map((authority) => authority.root));
  }

  /** The roots as PEM text, for tools that want a file. */
  x509BundlePem(): string {
    return this.#x509.map(({ root }) => pemOf(root)).join('');
  }

  /** The JWT keys as a JWK Set, newest first. */
  jwks(): string {
    return JSON.stringify({ keys: this.#jwt.map((authority) => authority.publicJwk(this.#jwtKeyUse)) });
  }

  /** {@link x509BundleDer}, parsed; the same object until it changes. */
  x509Bundle(): X509Bundle {
    this.#x509Bundle ??= parseX509Bundle(this.#trustDomain, this.x509BundleDer());
    return this.#x509Bundle;
  }

  /** {@link jwks}, parsed; the same object until it changes. */
  jwtBundle(): JwtBundle {
    this.#jwtBundle ??= parseJwtBundle(this.#trustDomain, this.jwks(), { keysWithoutUse: 'jwt-svid' });
    return this.#jwtBundle;
  }

  #newX509Authority(): X509Authority {
    this.#generation += 1;
    return new X509Authority({
      trustDomain: this.name,
      generation: this.#generation,
      intermediates: this.#intermediates,
      now: this.#clock(),
    });
  }

  #issueX509(id: string, options: X509SvidOptions): X509SvidMaterial {
    const ttlMs = positive('ttlMs', options.ttlMs ?? this.x509SvidTtlMs);
    return this.#x509[0].issue(id, { ...options, ttlMs, now: this.#clock() });
  }

  #issueJwt(id: string, options: JwtSvidOptions): Promise<string> {
    const ttlMs = positive('ttlMs', options.ttlMs ?? this.jwtSvidTtlMs);
    const request = { ...options, ttlMs, now: this.#clock() };
    switch (options.signedBy ?? 'authority') {
      case 'authority':
        return this.#jwt[0].sign(id, request);
      case 'unknown-key':
        return new JwtAuthority().sign(id, request);
      case 'forged':
        return new JwtAuthority().sign(id, request, this.#jwt[0].keyId);
    }
  }

  #ownId(id: string | SpiffeId): string {
    const parsed = parseSpiffeId(id.toString());
    if (!parsed.trustDomain.equals(this.#trustDomain)) {
      throw new RangeError(`${parsed} is not of trust domain ${this.name}; issueForeign… signs it all the same`);
    }
    return parsed.toString();
  }
}

function positive(name: string, value: number): number {
  if (!Number.isFinite(value) || value <= 0) throw new RangeError(`${name} must be a positive number of milliseconds`);
  return value;
}

function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
