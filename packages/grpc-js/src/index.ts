// For users
// For adapters
export { callerContext, callerOf } from './caller-context.js';
export { anyServer, type ChannelCredentialsOptions, createChannelCredentials } from './channel-credentials.js';
export { createJwtCallCredentials, type JwtCallCredentialsOptions } from './jwt-call-credentials.js';
export { createServerCredentials, type ServerCredentialsOptions } from './server-credentials.js';
