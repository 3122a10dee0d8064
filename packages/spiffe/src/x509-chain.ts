import { type Certificate, parseCertificate } from './certificate.js';
import { requireBytes } from './der-reader.js';
import { SpiffeError } from './spiffe-error.js';

/** Limits on what one peer sends, leaf included. */
export const MAX_CHAIN_CERTIFICATES = 10;
const MAX_CHAIN_BYTES = 64 * 1024;

/** A chain as it was sent: the leaf is first, the rest may be in any order. */
export interface X509Chain {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
}

/**
 * Reads a presented chain; the limits hold before anything is parsed. One certificate that cannot be read refuses the chain,
 * also if no path would need it.
 */
export function parseX509Chain(chain: readonly Uint8Array[]): X509Chain {
  if (!Array.isArray(chain)) throw new SpiffeError('chain_empty', 'a chain must be a list of certificates');
  if (chain.length > MAX_CHAIN_CERTIFICATES) {
    throw new SpiffeError('chain_too_many_certificates', `a chain holds at most ${MAX_CHAIN_CERTIFICATES} certificates`);
  }
  for (const der of chain) requireBytes(der);
  if (chainBytes(chain) > MAX_CHAIN_BYTES) {
    throw new SpiffeError('chain_too_large', `a chain has at most ${MAX_CHAIN_BYTES} bytes`);
  }
  const [leaf, ...intermediates] = chain.map(parseCertificate);
  if (leaf === undefined) throw new SpiffeError('chain_empty', 'a chain without a certificate');
  return { leaf, intermediates };
}

/** The size of a chain; `NaN` for anything else than a list of at least one byte string. */
export function chainBytes(chain: readonly Uint8Array[]): number {
  if (!Array.isArray(chain) || chain.length === 0) return Number.NaN;
  let bytes = 0;
  for (const der of chain) bytes += der instanceof Uint8Array ? der.length : Number.NaN;
  return bytes;
}

/** True for a chain that {@link parseX509Chain} would begin to parse. */
export function isWithinLimits(chain: readonly Uint8Array[]): boolean {
  return chainBytes(chain) <= MAX_CHAIN_BYTES && chain.length <= MAX_CHAIN_CERTIFICATES;
}
