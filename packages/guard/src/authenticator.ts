import {
  createJwtSvidVerifier,
  type IdentitySource,
  type JwtSvidVerifier,
  SpiffeError,
  type TrustDomain,
  type VerifiedJwtSvid,
  type VerifiedX509Svid,
} from '@dirgate/spiffe';
import { readBearerToken } from './bearer-token.js';
import { type AuthenticatedCaller, callerOfJwtSvid, callerOfX509Svid } from './caller.js';
import type { Connection } from './connection.js';
import { Failure } from './refusal.js';

/**
 * Which credentials a server takes. `x509`: a client certificate, metadata is not looked at. `jwt`: a bearer token, no
 * certificate is asked for. `either`: one of them, and whatever is presented must be valid. `both`: both, both valid.
 */
export type AcceptMode = 'x509' | 'jwt' | 'either' | 'both';

/** What one call presented, and who it proves. */
export interface Authentication extends AuthenticatedCaller {
  /** The proof of the connection, where it was judged. */
  readonly peer: VerifiedX509Svid | undefined;
  readonly token: VerifiedJwtSvid | undefined;
  /** The token's text, to prove it again when its trust domain's bundle changes. */
  readonly tokenText: string | undefined;
}

/** Proves callers. Synchronous: a call is refused before a byte of it is deserialized. */
export class Authenticator {
  readonly #accept: AcceptMode;
  readonly #home: TrustDomain;
  readonly #verifier: JwtSvidVerifier | undefined;
  readonly #callers = new WeakMap<VerifiedX509Svid, AuthenticatedCaller>();
  readonly #tokenCallers = new WeakMap<
    VerifiedJwtSvid,
    { readonly peer: VerifiedX509Svid | undefined; readonly caller: AuthenticatedCaller }
  >();

  constructor(
    identity: IdentitySource,
    home: TrustDomain,
    accept: AcceptMode,
    audience: readonly string[],
    leewayMs: number | undefined,
  ) {
    this.#accept = accept;
    this.#home = home;
    this.#verifier =
      accept === 'x509'
        ? undefined
        : createJwtSvidVerifier({ bundles: identity, audience, ...(leewayMs !== undefined && { leewayMs }) });
  }

  /**
   * Proves who calls.
   *
   * @throws {Failure} of the family `unproven`
   */
  authenticate(connection: Connection, authorization: readonly string[], now: number): Authentication {
    connection.requireFullHandshake();
    const peer = this.#peer(connection, now);
    const tokenText = this.#accept === 'x509' ? undefined : readBearerToken(authorization);
    const token = tokenText === undefined ? undefined : this.verifyToken(tokenText, now);
    if (token !== undefined) {
      return { ...this.#callerOfToken(token, peer), peer, token, tokenText };
    }
    if (this.#accept === 'jwt' || this.#accept === 'both') {
      throw new Failure('token_missing');
    }
    if (peer === undefined) {
      throw new Failure('no_credential');
    }
    return { ...this.#callerOfPeer(peer), peer, token, tokenText };
  }

  /**
   * Proves a token as of `now`; a token that was proven before costs a look-up.
   *
   * @throws {Failure} `token_invalid`
   */
  verifyToken(text: string, now: number): VerifiedJwtSvid {
    if (this.#verifier === undefined) {
      throw new Failure('token_invalid', ['tokens_not_accepted']);
    }
    try {
      return this.#verifier.verify(text, now);
    } catch (error) {
      const [reasons, rule] = error instanceof SpiffeError ? [[error.code], error.rule] : [[], undefined];
      throw new Failure('token_invalid', reasons, rule);
    }
  }

  #peer(connection: Connection, now: number): VerifiedX509Svid | undefined {
    if (this.#accept === 'jwt') {
      return undefined; // no certificate was asked for
    }
    if (connection.presentsCertificate) {
      return connection.peer(now);
    }
    if (this.#accept === 'either') {
      return undefined;
    }
    throw new Failure('certificate_missing');
  }

  #callerOfPeer(peer: VerifiedX509Svid): AuthenticatedCaller {
    let caller = this.#callers.get(peer);
    if (caller === undefined) {
      caller = callerOfX509Svid(peer, this.#home);
      this.#callers.set(peer, caller);
    }
    return caller;
  }

  #callerOfToken(token: VerifiedJwtSvid, peer: VerifiedX509Svid | undefined): AuthenticatedCaller {
    const known = this.#tokenCallers.get(token);
    if (known !== undefined && known.peer === peer) {
      return known.caller;
    }
    const caller = callerOfJwtSvid(token, peer, this.#home);
    this.#tokenCallers.set(token, { peer, caller });
    return caller;
  }
}
