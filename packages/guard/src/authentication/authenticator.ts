import {
  createJwtSvidVerifier,
  type IdentitySource,
  type JwtSvidVerifier,
  type JwtSvidVerifierOptions,
  SpiffeError,
  type TrustDomain,
  type VerifiedJwtSvid,
  type VerifiedX509Svid,
  verifyJwtSvid,
} from '@dirgate/spiffe';
import { type AuthenticatedCaller, callerOfJwtSvid, callerOfX509Svid } from '../caller.js';
import { Failure, type FailureCode } from '../refusal.js';
import { readBearerToken } from './bearer-token.js';
import type { Connection } from './connection.js';

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

/** The bundle that proves the caller. */
export function bundleOf({ peer, token }: Pick<Authentication, 'peer' | 'token'>): object | undefined {
  return (token ?? peer)?.bundle;
}

/**
 * Refusals for what the connection itself presents or lacks: its next call fares no better, another connection may. With
 * `no_credential` that holds while no call brings a token: the peer may have connected before it had a certificate.
 */
const OF_THE_CONNECTION: ReadonlySet<FailureCode> = new Set([
  'session_resumed',
  'certificate_missing',
  'certificate_invalid',
  'identity_expired',
  'trust_withdrawn',
  'no_credential',
]);

/** Proves callers. Synchronous: a call is refused before a byte of it is deserialized. */
export class Authenticator {
  readonly #accept: AcceptMode;
  readonly #home: TrustDomain;
  readonly #expectation: JwtSvidVerifierOptions;
  readonly #verifier: JwtSvidVerifier | undefined;
  readonly #ofPeers = new WeakMap<VerifiedX509Svid, Authentication>();
  /** Per token, with the peer that carried it last. Holds no token text. */
  readonly #ofTokens = new WeakMap<VerifiedJwtSvid, AuthenticatedCaller & { readonly carrier: VerifiedX509Svid | undefined }>();

  constructor(
    identity: IdentitySource,
    home: TrustDomain,
    accept: AcceptMode,
    audience: readonly string[],
    leewayMs: number | undefined,
  ) {
    this.#accept = accept;
    this.#home = home;
    this.#expectation = { bundles: identity, audience, ...(leewayMs !== undefined && { leewayMs }) };
    this.#verifier = accept === 'x509' ? undefined : createJwtSvidVerifier(this.#expectation);
  }

  /**
   * Proves who calls.
   *
   * @throws {Failure} of the family `unproven`
   */
  authenticate(connection: Connection, authorization: readonly string[], now: number): Authentication {
    try {
      return this.#authenticate(connection, authorization, now);
    } catch (error) {
      if (error instanceof Failure && OF_THE_CONNECTION.has(error.code)) {
        connection.refused(now);
      }
      throw error;
    }
  }

  #authenticate(connection: Connection, authorization: readonly string[], now: number): Authentication {
    connection.requireFullHandshake();
    const peer = this.#peer(connection, now);
    const tokenText = this.#accept === 'x509' ? undefined : readBearerToken(authorization);
    const token = tokenText === undefined ? undefined : this.verifyToken(tokenText, now);
    if (token !== undefined) {
      if (peer === undefined) {
        connection.carriesTokens();
      }
      return this.#ofToken(token, tokenText, peer);
    }
    if (this.#accept === 'jwt' || this.#accept === 'both') {
      throw new Failure('token_missing');
    }
    if (peer === undefined) {
      throw new Failure('no_credential');
    }
    return this.#ofPeer(peer);
  }

  /**
   * Proves a token as of `instant`. One that was proven before costs a look-up, except for an instant of the past: the
   * verifier remembers the latest instant of each token, and refuses those before it once the token has expired.
   *
   * @throws {Failure} `token_invalid`
   */
  verifyToken(text: string, instant: number, ofThePast = false): VerifiedJwtSvid {
    if (this.#verifier === undefined) {
      throw new Failure('token_invalid', ['tokens_not_accepted']);
    }
    try {
      return ofThePast
        ? verifyJwtSvid(text, this.#expectation.bundles, { ...this.#expectation, now: instant })
        : this.#verifier.verify(text, instant);
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

  #ofPeer(peer: VerifiedX509Svid): Authentication {
    let known = this.#ofPeers.get(peer);
    if (known === undefined) {
      known = { ...callerOfX509Svid(peer, this.#home), peer, token: undefined, tokenText: undefined };
      this.#ofPeers.set(peer, known);
    }
    return known;
  }

  #ofToken(token: VerifiedJwtSvid, tokenText: string | undefined, peer: VerifiedX509Svid | undefined): Authentication {
    let known = this.#ofTokens.get(token);
    if (known === undefined || known.carrier !== peer) {
      known = { ...callerOfJwtSvid(token, peer, this.#home), carrier: peer };
      this.#ofTokens.set(token, known);
    }
    return { caller: known.caller, subject: known.subject, peer, token, tokenText };
  }
}
