import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { type Logger, safeLogger } from './safe-logger.js';

const levels = ['info', 'warn', 'error'] as const;

test('passes each report on at once, as a method of the logger that was given', () => {
  class Kept implements Logger {
    readonly lines: string[] = [];
    info(message: string): void {
      this.lines.push(`info ${message}`);
    }
    warn(message: string): void {
      this.lines.push(`warn ${message}`);
    }
    error(message: string): void {
      this.lines.push(`error ${message}`);
    }
  }
  const kept = new Kept();
  const logger = safeLogger(kept);
  for (const level of levels) logger[level]('x');
  expect(kept.lines).toEqual(['info x', 'warn x', 'error x']);
});

test('without a logger, or with one that throws or rejects, nothing happens', async () => {
  const unhandled = vi.fn();
  const calls: string[] = [];
  process.on('unhandledRejection', unhandled);
  try {
    // No mock: those look after the promises that they return.
    const throws = (): void => {
      calls.push('throws');
      throw new Error('mine');
    };
    const rejects = async (): Promise<void> => {
      calls.push('rejects');
      throw new Error('mine');
    };
    for (const given of [
      undefined,
      { info: throws, warn: throws, error: throws },
      { info: rejects, warn: rejects, error: rejects },
    ]) {
      const logger = safeLogger(given);
      for (const level of levels) logger[level]('x');
    }
    await nextTurn();
    expect(calls).toEqual(['throws', 'throws', 'throws', 'rejects', 'rejects', 'rejects']);
    expect(unhandled).not.toHaveBeenCalled();
  } finally {
    process.off('unhandledRejection', unhandled);
  }
});
