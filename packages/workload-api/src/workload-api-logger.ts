/** Where the client reports what it could not use and why it is waiting. `console` is one. */
export interface WorkloadApiLogger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
