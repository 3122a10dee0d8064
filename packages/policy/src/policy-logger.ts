/** Where a live policy reports what came into force and what did not. `console` is one. */
export interface PolicyLogger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

const levels = ['info', 'warn', 'error'] as const;

/** One that reports nothing without a logger, and where a logger that throws hinders nobody: reports are made in timers. */
export function safeLogger(logger: PolicyLogger | undefined): PolicyLogger {
  const report = (level: (typeof levels)[number]) => (message: string) => {
    try {
      // One that is asynchronous may fail later, and would end the process.
      Promise.resolve(logger?.[level](message)).catch(() => {});
    } catch {
      // There is nobody else to tell.
    }
  };
  return { info: report('info'), warn: report('warn'), error: report('error') };
}
