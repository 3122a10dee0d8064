// The subpath `@dirgate/spiffe/path`, for tests and tools: certification paths apart from SPIFFE.

export type { VerifyPathOptions } from './verify-path.js';
export { verifyPath } from './verify-path.js';
export type { X509Path } from './verify-x509-path.js';
