import { type Json, jwkOf } from './jwt-issuer.js';
import type { Issued } from './test-issuer.js';

/** A certificate as `x5c` has it. */
export const base64 = (ca: Issued): string => ca.der.toString('base64');

export const x5cOf = (...cas: readonly Issued[]): readonly string[] => cas.map(base64);

/** The element of a SPIFFE bundle for a CA, with changes; `undefined` removes a member. */
export function caJwk(ca: Issued, changes: Json = {}): Json {
  return jwkOf(ca.key, undefined, { use: 'x509-svid', x5c: x5cOf(ca), ...changes });
}
