// For adapters
export { type ConnectTlsOptions, connectTls } from './connect-tls.js';
export { type PeerChainSocket, readPeerChain } from './peer-chain.js';
export { secureContextOptions, type TlsVersion } from './secure-context.js';
export { TlsError, type TlsErrorCode } from './tls-error.js';
