import type { JwtSvidSource, SpiffeId } from '@dirgate/spiffe';
import { CallCredentials, Metadata, status } from '@grpc/grpc-js';

/** What {@link createJwtCallCredentials} needs. */
export interface JwtCallCredentialsOptions {
  readonly identity: JwtSvidSource;
  /** Who the token is for, as the server names itself. One value is advised. */
  readonly audience: string | readonly string[];
  /** Which of our identities the token names; default: the first. */
  readonly subject?: SpiffeId;
}

/**
 * Call credentials that send a current JWT-SVID as `authorization: Bearer …`. grpc-js asks for it once the channel is
 * secure and its server proven. A call for which no token can be had fails with UNAVAILABLE and is not sent. Do not set
 * `authorization` in the call's own metadata as well: grpc-js ends such a call.
 */
export function createJwtCallCredentials({ identity, audience, subject }: JwtCallCredentialsOptions): CallCredentials {
  if (audience.length === 0) {
    throw new TypeError('createJwtCallCredentials: `audience` is required');
  }
  return CallCredentials.createFromMetadataGenerator((_call, callback) => {
    identity.fetchJwtSvid({ audience, ...(subject && { subject }) }).then(
      ({ token }) => {
        const metadata = new Metadata();
        metadata.set('authorization', `Bearer ${token}`);
        callback(null, metadata);
      },
      (cause: unknown) => {
        const why = cause instanceof Error ? cause.message : 'unknown';
        callback(Object.assign(new Error(`no JWT-SVID to send: ${why}`, { cause }), { code: status.UNAVAILABLE }));
      },
    );
  });
}
