export type { IdentityAuthorityOptions } from './identity-authority.js';
export { createIdentityAuthority, IdentityAuthority } from './identity-authority.js';
export { InProcessIdentity } from './in-process-identity.js';
export type { JwtSvidOptions } from './jwt-authority.js';
export type { TrustDomainOptions } from './trust-domain-authority.js';
export { TrustDomainAuthority } from './trust-domain-authority.js';
export type { X509SvidMaterial, X509SvidOptions } from './x509-svid-material.js';
