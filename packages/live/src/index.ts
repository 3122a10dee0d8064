// For @dirgate/policy and @dirgate/workload-api.
export { Listeners } from './listeners.js';
export type { Logger } from './safe-logger.js';
export { safeLogger } from './safe-logger.js';
export { thrownText } from './thrown-text.js';
export { timerProblem } from './timer-problem.js';
export type { WaitFailureCode, WaitForOptions, WaitForSource } from './wait-for.js';
export { waitFor } from './wait-for.js';
export type { WatchedPathsOptions } from './watched-paths.js';
export { WatchedPaths } from './watched-paths.js';
