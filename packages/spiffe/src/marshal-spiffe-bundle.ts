import { requireDocumentSize } from './bundle-document.js';
import type { Certificate } from './certificate.js';
import type { VerificationKey } from './json-web-key.js';
import { usableKeys } from './jwt-bundle.js';
import type { SpiffeBundle } from './spiffe-bundle.js';

/**
 * Writes a bundle as a SPIFFE bundle document, JSON on one line. `parseSpiffeBundle` reads an equal bundle from it.
 * X.509 authorities have `use` = `x509-svid`, one certificate in `x5c` and no `kid` (X-20); JWT keys have `use` = `jwt-svid` and
 * their `kid` (J-19). JWT keys that share a `kid` are not usable, so they are left out (J-21). `spiffe_sequence` and
 * `spiffe_refresh_hint` are written when the bundle has them; they should be there (B-8, B-9).
 *
 * @throws SpiffeError `certificate_key_unsupported`, `der_malformed` when a CA has a key that no SVID may be signed with; `jwks_too_large` when the
 * document would have more than 4 MiB
 */
export function marshalSpiffeBundle(bundle: SpiffeBundle): string {
  const { refreshHintMs } = bundle;
  const hint = refreshHintMs === undefined ? '' : `,"spiffe_refresh_hint":${refreshHintMs / 1000}`;
  const document = `{${membersOf(bundle)}${hint}}`;
  requireDocumentSize(Buffer.byteLength(document), 'jwks');
  return document;
}

/** {@link marshalSpiffeBundle} as a bundle map wants it: without refresh hint (B-15), its size not checked. Not public. */
export function marshalBundleMapEntry(bundle: SpiffeBundle): string {
  return `{${membersOf(bundle)}}`;
}

/** By hand, as JSON.stringify knows no bigint. */
function membersOf({ x509Bundle, jwtBundle, sequence }: SpiffeBundle): string {
  const keys = [...x509Bundle.authorities.map(x509Element), ...usableKeys(jwtBundle).map(jwtElement)];
  return `"keys":${JSON.stringify(keys)}${sequence === undefined ? '' : `,"spiffe_sequence":${sequence}`}`;
}

function x509Element({ publicKey, der }: Certificate): object {
  return { use: 'x509-svid', ...publicKey.export({ format: 'jwk' }), x5c: [Buffer.from(der).toString('base64')] };
}

function jwtElement({ kid, algorithm, jwk }: VerificationKey): object {
  return { use: 'jwt-svid', kid, ...(algorithm && { alg: algorithm.name }), ...jwk };
}
