import type { Certificate } from './certificate.js';
import { SpiffeError } from './spiffe-error.js';

/** The role that the presenter of a chain plays in the connection. */
export type X509Usage = 'client' | 'server';

const PURPOSE = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const satisfies Record<X509Usage, string>;
const ANY_PURPOSE = '2.5.29.37.0';

/** A role that does not exist would let a certificate without extended key usage pass. @throws TypeError */
export function requireUsage(usage: unknown): asserts usage is X509Usage {
  if (usage !== 'client' && usage !== 'server') throw new TypeError("usage must be 'client' or 'server'");
}

/** Rules of RFC 5280 for what a path leads to, apart from those of {@link checkAnyCertificate}: what is no CA does not look like one. */
export function checkTarget(target: Certificate): void {
  const { isCa, keyUsage, nameConstraints, subjectAltNameCritical } = target.extensions;
  if (!isCa && keyUsage?.keyCertSign)
    throw new SpiffeError('leaf_may_sign', 'the leaf may sign certificates though it is not a CA');
  if (!isCa && nameConstraints !== undefined) {
    throw new SpiffeError('name_constraints_on_leaf', 'name constraints stand in a certificate that is not a CA');
  }
  if (target.hasEmptySubject && !subjectAltNameCritical) {
    throw new SpiffeError('san_not_critical', 'subjectAltName is not critical though the subject is empty');
  }
  // Weak or unknown keys prove no possession, however well they are certified.
  target.keyProfile;
}

/** Rules for every certificate of a path, leaf and anchor included: validity, critical extensions, purpose. */
export function checkAnyCertificate(certificate: Certificate, now: number, usage: X509Usage): void {
  // Written so that a clock that is not a number denies.
  if (!(now >= certificate.notBefore)) throw new SpiffeError('certificate_not_yet_valid', 'a certificate is not valid yet');
  if (!(now <= certificate.notAfter)) throw new SpiffeError('certificate_expired', 'a certificate has expired');
  if (certificate.extensions.unknownCritical.length > 0) {
    throw new SpiffeError('critical_extension_unknown', 'a critical extension that is not processed here');
  }
  checkPurpose(certificate, usage);
}

/** Extended key usage, when present, must hold the purpose: in the leaf, and in every CA above it, so that it only narrows. */
export function checkPurpose(certificate: Certificate, usage: X509Usage): void {
  const purposes = certificate.extensions.extendedKeyUsage;
  if (purposes === undefined) return;
  // A plain loop: the methods of a frozen array are slow.
  for (let i = 0; i < purposes.length; i++) {
    if (purposes[i] === PURPOSE[usage] || purposes[i] === ANY_PURPOSE) return;
  }
  throw new SpiffeError('extended_key_usage', `extended key usage does not allow the ${usage} role`);
}

/** Rules for a certificate that issues another. An anchor may lack keyUsage; a presented CA may not. */
export function checkIssuer(issuer: Certificate, isAnchor: boolean): void {
  const { isCa, keyUsage } = issuer.extensions;
  if (!isCa) throw new SpiffeError('issuer_not_ca', 'an issuing certificate is not a CA');
  if (keyUsage === undefined ? !isAnchor : !keyUsage.keyCertSign) {
    throw new SpiffeError('issuer_may_not_sign', 'keyUsage of an issuing certificate lacks keyCertSign');
  }
}
