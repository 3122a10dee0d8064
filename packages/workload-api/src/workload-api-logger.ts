/** Where the client reports what it could not use and why it is waiting. `console` is one. */
export interface WorkloadApiLogger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Reports nothing. */
export const SILENT_LOGGER: WorkloadApiLogger = { info: () => {}, warn: () => {}, error: () => {} };

/** The same, but one that throws hinders nobody: reports are made in timers and streams, where that would end the process. */
export function withoutThrows(logger: WorkloadApiLogger): WorkloadApiLogger {
  const report =
    (level: keyof WorkloadApiLogger) =>
    (message: string): void => {
      try {
        logger[level](message);
      } catch {
        // There is nobody else to tell.
      }
    };
  return { info: report('info'), warn: report('warn'), error: report('error') };
}
