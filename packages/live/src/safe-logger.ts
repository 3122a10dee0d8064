/** Where reports go. `console` is one. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/**
 * A logger that reports nothing without `logger`, and where one that throws, or whose promise rejects, hinders nobody: reports are made
 * in timers and streams, where that would end the process.
 */
export function safeLogger(logger: Logger | undefined): Logger {
  const tell = async (level: keyof Logger, message: string): Promise<void> => {
    try {
      // It may turn out to be an async function.
      await (logger?.[level](message) as unknown);
    } catch {
      // There is nobody else to tell.
    }
  };
  return {
    info: (message) => void tell('info', message),
    warn: (message) => void tell('warn', message),
    error: (message) => void tell('error', message),
  };
}
