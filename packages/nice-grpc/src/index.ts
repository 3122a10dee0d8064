// For users
export type { CallerContext } from './caller-middleware.js';
export { callerMiddleware } from './caller-middleware.js';
