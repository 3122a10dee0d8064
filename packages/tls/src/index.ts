// For adapters
export type { ConnectTlsOptions } from './connect-tls.js';
export { connectTls } from './connect-tls.js';
export type { PeerChainSocket } from './peer-chain.js';
export { readPeerChain } from './peer-chain.js';
export type { TlsVersion } from './secure-context.js';
export { secureContextOptions } from './secure-context.js';
export type { TlsErrorCode } from './tls-error.js';
export { TlsError } from './tls-error.js';
