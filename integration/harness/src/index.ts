export type { Attempt, StatusName } from './attempt.js';
export { bidi, clientStream, failed, serverStream, succeeded, unary } from './attempt.js';
export { CleanUp } from './clean-up.js';
export { freePort } from './free-port.js';
export type { ObservedCall } from './observed-handlers.js';
export { observedHandlers } from './observed-handlers.js';
export { threadWorkMs } from './thread-work.js';
