import { DER_TAG, DerReader, requireBytes } from './der-reader.js';
import { SpiffeError } from './spiffe-error.js';

/**
 * Splits back-to-back DER certificates, the form in which the Workload API sends chains and bundles (W-21), into one
 * view per certificate. Only the outermost SEQUENCE of each is looked at. Nothing may be left over.
 *
 * @throws SpiffeError `der_malformed`; `chain_too_many_certificates` beyond `maxCertificates`
 */
export function splitDerCertificates(bytes: Uint8Array, maxCertificates = Number.POSITIVE_INFINITY): readonly Uint8Array[] {
  requireBytes(bytes);
  const reader = new DerReader(bytes);
  const certificates: Uint8Array[] = [];
  while (!reader.isAtEnd) {
    if (certificates.length >= maxCertificates) {
      throw new SpiffeError('chain_too_many_certificates', `a chain holds at most ${maxCertificates} certificates`);
    }
    certificates.push(reader.readRaw(DER_TAG.sequence));
  }
  return certificates;
}
