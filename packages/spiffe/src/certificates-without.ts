import { latin1Of } from './byte-text.js';
import type { Certificate } from './certificate.js';

/** Those of `certificates` that are not among `others`, byte for byte, in their order. Frozen. */
export function certificatesWithout(
  certificates: readonly Certificate[],
  others: readonly Certificate[],
): readonly Certificate[] {
  const known = new Set(others.map(({ der }) => latin1Of(der)));
  return Object.freeze(certificates.filter(({ der }) => !known.has(latin1Of(der))));
}
