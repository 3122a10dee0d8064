// For users: identities, bundles, and the two verifiers.

export { createBundleMap, marshalBundleMap, parseBundleMap } from './bundle-map.js';
export { createBundleSet } from './bundle-set.js';
export { diffBundleMaps } from './diff-bundle-maps.js';
export { diffX509Bundles } from './diff-x509-bundles.js';
export { parseJwtBundle } from './jwt-bundle.js';
export { createJwtSvidVerifier } from './jwt-svid-verifier.js';
export { marshalSpiffeBundle } from './marshal-spiffe-bundle.js';
export { createSpiffeBundle, parseSpiffeBundle } from './spiffe-bundle.js';
export { SpiffeError } from './spiffe-error.js';
export { createSpiffeId, parseSpiffeId } from './spiffe-id.js';
export { allOf, anyOf, matchAnyOf, matchId, matchPathPrefix, matchTrustDomain, not } from './spiffe-id-matcher.js';
export { parseTrustDomain } from './trust-domain.js';
export { verifyJwtSvid } from './verify-jwt-svid.js';
export { verifyX509Svid } from './verify-x509-svid.js';
export { createX509Bundle, parseX509Bundle, parseX509BundlePem } from './x509-bundle.js';
export { createX509SvidVerifier } from './x509-svid-verifier.js';

// For packages that bring identities from elsewhere: our own SVIDs, as the Workload API sends them.

export { parseUnverifiedJwtSvid } from './parse-unverified-jwt-svid.js';
export { parseX509Svid } from './x509-svid.js';

// Types. Classes are among them: their instances come from the functions above only.

export type { BundleMap } from './bundle-map.js';
export type { BundleSetContent } from './bundle-set.js';
export type { Certificate } from './certificate.js';
export type { CertificateExtensions, KeyUsage } from './certificate-extensions.js';
export type { CertificateKeyProfile } from './certificate-public-key.js';
export type { X509Usage } from './certificate-rules.js';
export type { BundleMapDifference } from './diff-bundle-maps.js';
export type { X509BundleDifference } from './diff-x509-bundles.js';
export type { SpiffeErrorCode } from './error-codes.js';
export type { JwtBundle, ParseJwtBundleOptions } from './jwt-bundle.js';
export type { JwtSvidVerifier, JwtSvidVerifierOptions } from './jwt-svid-verifier.js';
export type { UnverifiedJwtSvid } from './parse-unverified-jwt-svid.js';
export type {
  BundleSource,
  ChangeSource,
  IdentitySource,
  JwtBundleSource,
  JwtSource,
  JwtSvid,
  JwtSvidRequest,
  JwtSvidSource,
  X509BundleSource,
  X509Source,
  X509SvidSource,
} from './sources.js';
export type { SpiffeBundle, SpiffeBundleContent } from './spiffe-bundle.js';
export type { SpiffeId } from './spiffe-id.js';
export type { SpiffeIdMatcher } from './spiffe-id-matcher.js';
export type { TrustDomain } from './trust-domain.js';
export type { JwtSvidExpectation, VerifiedJwtSvid } from './verify-jwt-svid.js';
export type { VerifiedX509Svid, VerifyX509SvidOptions, X509SvidExpectation } from './verify-x509-svid.js';
export type { X509Bundle } from './x509-bundle.js';
export type { X509Svid, X509SvidMaterial } from './x509-svid.js';
export type { X509SvidVerifier, X509SvidVerifierOptions } from './x509-svid-verifier.js';
