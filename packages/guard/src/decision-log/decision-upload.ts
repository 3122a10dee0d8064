import { GuardError } from '../guard-error.js';
import { packBatch } from './decision-batch.js';
import type { DecisionSink } from './decision-event.js';
import { createDecisionFormatter } from './decision-line.js';
import { DecisionQueue } from './decision-queue.js';
import type { DecisionUploadOptions } from './decision-upload-options.js';
import { LogService } from './log-service.js';
import { createSinkEnd } from './sink-end.js';
import { UploadLoop } from './upload-loop.js';

/** Decisions on their way to a service. */
export interface DecisionUpload extends AsyncDisposable {
  readonly onDecision: DecisionSink;
  /** Events that the service has accepted. */
  readonly uploaded: number;
  /** Events that were lost: the service did not keep up or refused them for good, or the upload was closed. */
  readonly dropped: number;
  /** Attempts that failed. */
  readonly failures: number;
  /** Why the last attempt failed: `HTTP 503`, a code such as `ECONNREFUSED`, `timeout` or `authorization_failed`. */
  readonly lastFailure: string | undefined;
  /** Sends at once. Resolves when every event so far was accepted or dropped, or when an attempt failed. */
  flush(): Promise<void>;
  /** Tries to send what waits, within the time that the options give, and drops every later event. Never rejects. */
  close(): Promise<void>;
}

const DEFAULTS = {
  maxBatchBytes: 32_768,
  maxWaitingBytes: 32 * 1024 * 1024,
  minDelayMs: 1000,
  maxDelayMs: 5000,
  timeoutMs: 10_000,
  closeTimeoutMs: 5000,
};

/**
 * Sends decisions to a service as OPA does (its decision log service API): gzip-compressed JSON arrays, POSTed to `/logs`.
 * What the service does not accept is sent again after a growing delay, except after 400, 413 and 422, which would be no
 * better then. All of it happens off the path of the calls. No redirect is followed.
 *
 * @throws {GuardError} `config_invalid` for options that could not work, or would show the log or the authorization to a network
 */
export function openDecisionUpload(options: DecisionUploadOptions): DecisionUpload {
  const limits = readLimits(options);
  const format = createDecisionFormatter(options);
  const service = new LogService(options, limits.timeoutMs);
  const loop = new UploadLoop(limits, packBatch, (body) => service.post(body));
  const queue = new DecisionQueue(format, (lines) => loop.accept(lines));
  return {
    onDecision: (event) => queue.push(event),
    get uploaded() {
      return loop.uploaded;
    },
    get dropped() {
      return queue.dropped + loop.dropped;
    },
    get failures() {
      return loop.failures;
    },
    get lastFailure() {
      return loop.lastFailure;
    },
    ...createSinkEnd(queue, loop, limits.closeTimeoutMs),
  };
}

function readLimits(options: DecisionUploadOptions): typeof DEFAULTS {
  const limits = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const value = options[name] ?? DEFAULTS[name];
    if (!(value >= (name === 'maxBatchBytes' ? 1024 : 0) && value <= 0x7fffffff)) {
      throw new GuardError(
        'config_invalid',
        `${name} must be between ${name === 'maxBatchBytes' ? 1024 : 0} and 2,147,483,647; got ${value}`,
      );
    }
    limits[name] = value;
  }
  if (options.maxDelayMs === undefined) {
    limits.maxDelayMs = Math.max(limits.maxDelayMs, limits.minDelayMs);
  }
  if (limits.minDelayMs > limits.maxDelayMs) {
    throw new GuardError('config_invalid', `minDelayMs ${limits.minDelayMs} is more than maxDelayMs ${limits.maxDelayMs}`);
  }
  return limits;
}
