// For users
// For adapters
export { callerContext, callerOf } from './caller-context.js';
export type { ChannelCredentialsOptions } from './channel-credentials.js';
export { anyServer, createChannelCredentials } from './channel-credentials.js';
export type { JwtCallCredentialsOptions } from './jwt-call-credentials.js';
export { createJwtCallCredentials } from './jwt-call-credentials.js';
export type { ServerCredentialsOptions } from './server-credentials.js';
export { createServerCredentials } from './server-credentials.js';
