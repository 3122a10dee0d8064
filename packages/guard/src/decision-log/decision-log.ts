import { GuardError } from '../guard-error.js';
import { AppendTarget, type DecisionLogRotation } from './append-target.js';
import type { DecisionSink } from './decision-event.js';
import { createDecisionFormatter, type DecisionFormat } from './decision-line.js';
import { DecisionQueue } from './decision-queue.js';
import { LineWriter } from './line-writer.js';
import { createSinkEnd } from './sink-end.js';

/** Where decisions are written, and how. */
export interface DecisionLogOptions extends DecisionFormat {
  /** The file to append to, or standard output. */
  readonly to: string | { readonly stdout: true };
  /** When the file is put aside; default: never, for somebody else to move it and to ask for {@link DecisionLog.reopen}. */
  readonly rotation?: DecisionLogRotation;
  /** Lines beyond this many bytes that wait for the disk are dropped; default 33,554,432. */
  readonly maxWaitingBytes?: number;
  /** How long `close()` waits for what is not written yet; default 5,000. */
  readonly closeTimeoutMs?: number;
}

/** Decisions as JSON lines. */
export interface DecisionLog extends AsyncDisposable {
  readonly onDecision: DecisionSink;
  /** Lines that were written. */
  readonly written: number;
  /** Events that were lost: the disk did not keep up, a write failed, or the log was closed. */
  readonly dropped: number;
  /** Resolves when every event so far is written, or counted as dropped. */
  flush(): Promise<void>;
  /**
   * Opens the file anew by its name, for whoever moved it (logrotate). Answers whether that went well; if not, lines go on
   * into the file that is open. Never rejects, so a signal handler may call it.
   */
  reopen(): Promise<boolean>;
  /** Writes what waits, within the time that the options give, and drops every later event. Never rejects. */
  close(): Promise<void>;
}

const MAX_WAITING_BYTES = 32 * 1024 * 1024;
const CLOSE_TIMEOUT_MS = 5000;

/**
 * Opens a decision log for appending, in OPA's decision log format, one JSON object a line; missing folders are made, and a
 * file that is made may be read by nobody but its owner. Lines are formatted and written in batches, off the path of the calls. A write that
 * fails loses its batch; the next one is tried again. One process a file: rotation does not know of another one.
 *
 * @throws {GuardError} `config_invalid` when the file cannot be opened for writing, or an option is none
 */
export function openDecisionLog(options: DecisionLogOptions): DecisionLog {
  const { to, rotation, maxWaitingBytes = MAX_WAITING_BYTES, closeTimeoutMs = CLOSE_TIMEOUT_MS } = options;
  if (typeof to !== 'string' && rotation !== undefined) {
    throw new GuardError('config_invalid', 'rotation: standard output cannot be put aside');
  }
  if (!(maxWaitingBytes >= 0 && closeTimeoutMs >= 0)) {
    throw new GuardError('config_invalid', 'maxWaitingBytes and closeTimeoutMs must not be negative');
  }
  const format = createDecisionFormatter(options);
  const writer = new LineWriter(new AppendTarget(typeof to === 'string' ? to : 1, rotation), maxWaitingBytes);
  const queue = new DecisionQueue(format, (lines) => writer.accept(lines));
  return {
    onDecision: (event) => queue.push(event),
    get written() {
      return writer.written;
    },
    get dropped() {
      return queue.dropped + writer.dropped;
    },
    reopen: () => writer.reopen(),
    ...createSinkEnd(queue, writer, closeTimeoutMs),
  };
}
