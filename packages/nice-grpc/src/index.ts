// For users
export { type CallerContext, callerMiddleware } from './caller-middleware.js';
