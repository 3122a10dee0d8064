import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { X509Svid } from '@dirgate/spiffe';

/** Lowest protocol version; TLS 1.2 only where somebody asks for it. */
export type TlsVersion = 'TLSv1.3' | 'TLSv1.2';

const VERSIONS: ReadonlySet<string> = new Set<TlsVersion>(['TLSv1.3', 'TLSv1.2']);

/**
 * Everything that a TLS context of ours needs, complete each time: an update that leaves an option out switches it back
 * to its default, tickets among them (node-facts N-5). There is no `ca`: TLS proves possession of the key, trust is
 * decided by `@dirgate/spiffe` (DESIGN §4.1). Without `svid` no certificate is presented.
 *
 * @throws {RangeError} for any other `minVersion`
 */
export function secureContextOptions(svid: X509Svid | undefined, minVersion: TlsVersion = 'TLSv1.3'): SecureContextOptions {
  if (!VERSIONS.has(minVersion)) {
    throw new RangeError(`minVersion must be one of ${[...VERSIONS].join(', ')}; got ${JSON.stringify(minVersion)}`);
  }
  return {
    minVersion,
    // A resumed session skips every check that we have, and a renegotiated one has another peer than was proven (RFC 9113 §9.2.1).
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    ...(svid && {
      cert: svid.chain.map(pemOfCertificate).join(''),
      key: svid.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    }),
  };
}

/** One PEM block per certificate: several DER certificates in one block fail, or are silently dropped (N-7). */
function pemOfCertificate(der: Uint8Array): string {
  const base64 = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}
