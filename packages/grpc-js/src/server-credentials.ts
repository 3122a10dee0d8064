import type { SecureServerOptions } from 'node:http2';
import type { Guard } from '@dirgate/guard';
import { secureContextOptions, type TlsVersion } from '@dirgate/tls';
import { ServerCredentials, type ServerInterceptor } from '@grpc/grpc-js';
import { createGuardInterceptor } from './guard-interceptor.js';

/** How the server's TLS is set up. */
export interface ServerCredentialsOptions {
  /** Default `TLSv1.3`. */
  readonly minVersion?: TlsVersion;
  /** A client that has not completed its handshake by then is disconnected; default and maximum 10,000. */
  readonly handshakeTimeoutMs?: number;
}

const MAX_HANDSHAKE_MS = 10_000;

/**
 * Guards a server: pass the result to `server.bindAsync(address, credentials)`, or to nice-grpc's `listen`. It carries
 * TLS with the server's own SVID, kept current, and the interceptor that authenticates and authorizes every call of
 * that listener. While there is no SVID, connections are refused. Every method is guarded; there are no exemptions.
 */
export function createServerCredentials(guard: Guard, options: ServerCredentialsOptions = {}): ServerCredentials {
  const { handshakeTimeoutMs = MAX_HANDSHAKE_MS } = options;
  if (!(handshakeTimeoutMs > 0 && handshakeTimeoutMs <= MAX_HANDSHAKE_MS)) {
    throw new RangeError(`handshakeTimeoutMs must be between 1 and ${MAX_HANDSHAKE_MS}; got ${handshakeTimeoutMs}`);
  }
  return new GuardedServerCredentials(guard, options.minVersion, handshakeTimeoutMs);
}

type Watcher = Parameters<ServerCredentials['_addWatcher']>[0];

class GuardedServerCredentials extends ServerCredentials {
  readonly #guard: Guard;
  readonly #minVersion: TlsVersion | undefined;
  readonly #interceptors: ServerInterceptor[];
  #presented: ReturnType<Guard['identity']['x509Svid']>;
  #stop: (() => void) | undefined;

  constructor(guard: Guard, minVersion: TlsVersion | undefined, handshakeTimeoutMs: number) {
    super(serverOptions(guard, minVersion, handshakeTimeoutMs));
    this.#guard = guard;
    this.#minVersion = minVersion;
    this.#interceptors = [createGuardInterceptor(guard)];
    this.#present();
  }

  override _addWatcher(watcher: Watcher): void {
    super._addWatcher(watcher);
    if (this.#stop === undefined) {
      this.#stop = this.#guard.identity.onChange(() => this.#present());
      this.#present(); // it may have changed since this object was made
    }
  }

  override _removeWatcher(watcher: Watcher): void {
    super._removeWatcher(watcher);
    if (this.getWatcherCount() === 0) {
      this.#stop?.();
      this.#stop = undefined;
    }
  }

  override _getInterceptors(): ServerInterceptor[] {
    return this.#interceptors;
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }

  /** Presents the current SVID from the next handshake on; without one, new connections are refused. */
  #present(): void {
    const svid = this.#guard.identity.x509Svid();
    if (svid !== this.#presented) {
      this.updateSecureContextOptions(svid === undefined ? null : secureContextOptions(svid, this.#minVersion));
      this.#presented = svid; // not before: what failed is tried again at the next change
    }
  }
}

function serverOptions(guard: Guard, minVersion: TlsVersion | undefined, handshakeTimeout: number): SecureServerOptions {
  return {
    ...secureContextOptions(undefined, minVersion),
    handshakeTimeout,
    requestCert: guard.accept !== 'jwt',
    rejectUnauthorized: false, // TLS proves possession of the key; the guard decides trust
  };
}
