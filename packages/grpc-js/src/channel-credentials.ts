import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import type { IdentitySource, SpiffeIdMatcher } from '@dirgate/spiffe';
import { connectTls, type TlsVersion } from '@dirgate/tls';
import { CallCredentials, ChannelCredentials } from '@grpc/grpc-js';
import { drainClientSession } from './client-session-seam.js';

/** What {@link createChannelCredentials} needs. */
export interface ChannelCredentialsOptions {
  /** What to present, and the bundles that the server is judged by. */
  readonly identity: IdentitySource;
  /** Which server is expected; `matchId(...)` for one. `anyServer()` says that any proven identity will do. */
  readonly server: SpiffeIdMatcher;
  /** `x509` (default) presents our X509-SVID; `jwt` presents no certificate, for calls that carry a token. */
  readonly mode?: 'x509' | 'jwt';
  /** Default `TLSv1.3`. */
  readonly minVersion?: TlsVersion;
}

/**
 * Channel credentials for a server with a SPIFFE identity. The server is proven and its ID compared before a byte of a
 * request or a token leaves; a server that cannot be proven leaves the call UNAVAILABLE with the reason. Host names
 * play no part. When the SVID that we presented rotates, and ahead of the end of it and of the server's, the next call
 * dials anew while those in flight run out. Add tokens with `credentials.combineChannelCredentials` or
 * `compose(createJwtCallCredentials(...))`.
 */
export function createChannelCredentials(options: ChannelCredentialsOptions): ChannelCredentials {
  if (typeof options.server?.matches !== 'function') {
    throw new TypeError('createChannelCredentials: `server` is required: matchId("spiffe://…"), or anyServer() to accept any');
  }
  return new SpiffeChannelCredentials(options);
}

/** Accepts any server whose SPIFFE identity is proven, of any trusted trust domain. Prefer `matchId`. */
export function anyServer(): SpiffeIdMatcher {
  return { description: 'any SPIFFE identity', matches: () => true };
}

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;
type ConnectorArguments = Parameters<ChannelCredentials['_createSecureConnector']>;

class SpiffeChannelCredentials extends ChannelCredentials {
  readonly #options: ChannelCredentialsOptions;

  constructor(options: ChannelCredentialsOptions) {
    super();
    this.#options = options;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(...[target, , callCredentials]: ConnectorArguments): Connector {
    const { identity, server, mode = 'x509', minVersion } = this.#options;
    const servername = serverName(target.path);
    return {
      connect: async (socket: Socket) => ({
        socket: await connectTls({
          socket,
          identity,
          server,
          presentSvid: mode === 'x509',
          protocol: 'h2',
          askToRenew: drainClientSession,
          ...(servername !== undefined && { servername }),
          ...(minVersion !== undefined && { minVersion }),
        }),
        secure: true,
      }),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials ?? CallCredentials.createEmpty(),
      destroy: () => undefined,
    };
  }
}

/** The host of a target for SNI; an address is none (RFC 6066 §3). */
function serverName(path: string): string | undefined {
  const host = path.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return host === '' || isIP(host) !== 0 || host.includes('/') ? undefined : host;
}
