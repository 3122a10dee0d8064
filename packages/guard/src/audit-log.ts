import { createWriteStream, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DecisionEvent, DecisionSink } from './decision-event.js';
import { GuardError } from './guard-error.js';

/** Events beyond this number that wait for the disk are dropped and counted: an audit trail must not end the process. */
const MAX_WAITING = 100_000;
const BATCH_MS = 20;

/** A file of decisions, one JSON object a line. */
export interface AuditLog extends AsyncDisposable {
  readonly onDecision: DecisionSink;
  /** Events that were lost because the disk did not keep up or failed. */
  readonly dropped: number;
  /** Resolves when every event so far is written. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens an audit trail for appending; missing folders are made. Lines are formatted and written in batches, off the
 * path of the calls.
 *
 * @throws {GuardError} `config_invalid` when the file cannot be opened for writing
 */
export function openAuditLog(file: string): AuditLog {
  const stream = createWriteStream(file, { fd: openForAppending(file) });
  let waiting: DecisionEvent[] = [];
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  stream.on('error', () => {
    dropped += 1;
  });

  const write = (done?: () => void): void => {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    stream.write(batch.map(formatLine).join(''), () => done?.());
  };
  const flush = (): Promise<void> => new Promise((resolve) => write(resolve));
  const close = async (): Promise<void> => {
    await flush();
    await new Promise<void>((resolve) => stream.end(resolve));
  };

  return {
    onDecision: (event) => {
      if (waiting.length >= MAX_WAITING || (stream.writableNeedDrain && stream.writableLength > 64 * 1024 * 1024)) {
        dropped += 1;
        return;
      }
      waiting.push(event);
      timer ??= setTimeout(write, BATCH_MS).unref();
    },
    get dropped() {
      return dropped;
    },
    flush,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function openForAppending(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, 'a', 0o600);
  } catch (cause) {
    throw new GuardError('config_invalid', `cannot write the audit trail ${file}: check the path and its permissions`, { cause });
  }
}

function formatLine({ time, peerAddress, ...event }: DecisionEvent): string {
  return `${JSON.stringify({ time: new Date(time).toISOString(), ...event, peer_address: peerAddress })}\n`;
}
