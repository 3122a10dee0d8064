import { appendFile, close as closeFile, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { DecisionEvent, DecisionSink } from './decision-event.js';
import { GuardError } from './guard-error.js';

/** Events beyond this number that wait for the disk are dropped and counted: an audit trail must not end the process. */
const MAX_WAITING = 100_000;
/** Formatting more at once would hold up the calls. */
const MAX_BATCH = 1000;
const BATCH_MS = 20;

/** A file of decisions, one JSON object a line. */
export interface AuditLog extends AsyncDisposable {
  readonly onDecision: DecisionSink;
  /** Events that were lost: the disk did not keep up, a write failed, or the log was closed. */
  readonly dropped: number;
  /** Resolves when every event so far is written, or counted as dropped. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens an audit trail for appending; missing folders are made. Lines are formatted and written in batches, off the
 * path of the calls. A write that fails loses its batch; the next one is tried again.
 *
 * @throws {GuardError} `config_invalid` when the file cannot be opened for writing
 */
export function openAuditLog(file: string): AuditLog {
  const descriptor = openForAppending(file);
  const waiting: DecisionEvent[] = [];
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const lines = waiting.splice(0, MAX_BATCH).map(formatLine);
      const written = lines.filter((line) => line !== undefined);
      dropped += lines.length - written.length;
      try {
        await promisify(appendFile)(descriptor, written.join(''));
      } catch {
        dropped += written.length;
      }
    }
    writing = undefined;
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length > 0) {
      writing ??= writeAll();
    }
    return writing ?? Promise.resolve();
  };
  const close = (): Promise<void> => {
    closing ??= flush().then(() => promisify(closeFile)(descriptor));
    return closing;
  };

  return {
    onDecision: (event) => {
      if (closing !== undefined || waiting.length >= MAX_WAITING) {
        dropped += 1;
        return;
      }
      waiting.push(event);
      timer ??= setTimeout(flush, BATCH_MS).unref();
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

/**
 * `undefined` for an event that cannot be written, for example because the clock gave no time. Member by member: copying
 * the event's members in one go takes twice as long, and this is most of what a decision costs.
 */
function formatLine(event: DecisionEvent): string | undefined {
  try {
    const line = {
      time: new Date(event.time).toISOString(),
      id: event.id,
      method: event.method,
      step: event.step,
      allow: event.allow,
      code: event.code,
      reasons: event.reasons,
      rule: event.rule,
      subject: event.subject,
      credential: event.credential,
      resource: event.resource,
      revision: event.revision,
      peer_address: event.peerAddress,
    } satisfies Record<Exclude<keyof DecisionEvent, 'peerAddress'> | 'peer_address', unknown>;
    return `${JSON.stringify(line)}\n`;
  } catch {
    return undefined;
  }
}
