import { sizeOfResource } from '../catalogue/resource-size.js';
import type { DecisionEvent } from './decision-event.js';
import type { DecisionFormatter } from './decision-line.js';
import { askedBy } from './decision-recorder.js';

/** Events beyond this number, or this much text of callers, are dropped and counted: a log must not end the process. */
const MAX_WAITING = 100_000;
const MAX_WAITING_SIZE = 64 * 1024 * 1024;
/** Formatting more in one turn would hold up the calls. */
const MAX_TURN = 500;
const BATCH_MS = 20;

/**
 * The way of events off the path of the calls: they wait for a moment, are formatted in turns of the event loop, and go to
 * `accept` as lines. What waits for a slow writer is therefore text, which that bounds by its size, and not what a caller
 * sent.
 */
export class DecisionQueue {
  readonly #format: DecisionFormatter;
  readonly #accept: (lines: readonly string[]) => void;
  #waiting: DecisionEvent[] = [];
  #waitingSize = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #formatting: Promise<void> | undefined;
  #closed = false;

  /** `accept` must not throw. */
  constructor(format: DecisionFormatter, accept: (lines: readonly string[]) => void) {
    this.#format = format;
    this.#accept = accept;
  }

  /** Events that came too fast or after the end, or could not be written as JSON. */
  get dropped(): number {
    return this.#dropped;
  }

  push(event: DecisionEvent): void {
    const size = sizeOf(event);
    if (this.#closed || this.#waiting.length >= MAX_WAITING || this.#waitingSize + size > MAX_WAITING_SIZE) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(event);
    this.#waitingSize += size;
    this.#timer ??= setTimeout(() => this.flush(), BATCH_MS).unref();
  }

  /** Resolves when every event so far was formatted and accepted, or dropped. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length > 0) {
      this.#formatting ??= this.#formatAll();
    }
    return this.#formatting ?? Promise.resolve();
  }

  /** Drops every later event. */
  close(): Promise<void> {
    this.#closed = true;
    return this.flush();
  }

  async #formatAll(): Promise<void> {
    await Promise.resolve(); // so that it has not ended before the field says that it runs
    while (this.#waiting.length > 0) {
      const turn = this.#waiting.length <= MAX_TURN ? this.#waiting : this.#waiting.slice(0, MAX_TURN);
      this.#waiting = this.#waiting.slice(turn.length);
      this.#formatTurn(turn);
      if (this.#waiting.length > 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    this.#formatting = undefined;
  }

  #formatTurn(events: readonly DecisionEvent[]): void {
    const lines: string[] = [];
    for (const event of events) {
      this.#waitingSize -= sizeOf(event);
      try {
        lines.push(this.#format(event));
      } catch {
        this.#dropped += 1; // the clock gave no time, or the input is no JSON
      }
    }
    this.#accept(lines);
  }
}

/** What an event keeps alive of what a caller sent. */
function sizeOf(event: DecisionEvent): number {
  const asked = askedBy(event);
  return asked === undefined ? 0 : sizeOfResource(asked.resource);
}
