/** Where a live policy reports what came into force and what did not. `console` is one. */
export interface PolicyLogger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
