import type { AppendTarget } from './append-target.js';

/** More in one write would make files overrun their bound. */
const MAX_WRITE_BYTES = 1024 * 1024;

/** Lines of ASCII that wait for one target, bounded by their size. Writes by itself, one batch at a time. */
export class LineWriter {
  readonly #target: AppendTarget;
  readonly #maxBytes: number;
  #lines: string[] = [];
  #bytes = 0;
  #writing: Promise<void> | undefined;
  #reopens: (() => Promise<void>)[] = [];
  #closed = false;
  #written = 0;
  #dropped = 0;

  constructor(target: AppendTarget, maxBytes: number) {
    this.#target = target;
    this.#maxBytes = maxBytes;
  }

  get written(): number {
    return this.#written;
  }

  get dropped(): number {
    return this.#dropped;
  }

  accept(lines: readonly string[]): void {
    if (this.#closed) {
      this.#dropped += lines.length;
      return;
    }
    for (const line of lines) {
      if (this.#bytes + line.length > this.#maxBytes) {
        this.#dropped += 1;
      } else {
        this.#lines.push(line);
        this.#bytes += line.length;
      }
    }
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when every line so far is written, or counted as dropped. */
  flush(): Promise<void> {
    return this.#writing ?? Promise.resolve();
  }

  /** Between two writes. Answers whether it went well. */
  reopen(): Promise<boolean> {
    if (this.#closed) {
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      this.#reopens.push(() =>
        this.#target.reopen().then(
          () => resolve(true),
          () => resolve(false),
        ),
      );
      this.#writing ??= this.#writeAll();
    });
  }

  /** What waits is dropped. The target is closed once a write that is under way has ended. */
  close(): void {
    this.#closed = true;
    this.#dropped += this.#lines.length;
    this.#lines = [];
    if (this.#writing === undefined) {
      this.#target.close();
    }
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve(); // so that it has not ended before the field says that it runs
    while (this.#lines.length > 0 || this.#reopens.length > 0) {
      for (const reopen of this.#reopens.splice(0)) {
        await reopen();
      }
      await this.#writeSome();
    }
    this.#writing = undefined;
    if (this.#closed) {
      this.#target.close();
    }
  }

  async #writeSome(): Promise<void> {
    let text = '';
    let count = 0;
    for (; count < this.#lines.length && text.length < MAX_WRITE_BYTES; count += 1) {
      text += `${this.#lines[count]}\n`;
    }
    if (count === 0) {
      return;
    }
    this.#lines = count === this.#lines.length ? [] : this.#lines.slice(count);
    this.#bytes -= text.length - count;
    try {
      await this.#target.append(text);
      this.#written += count;
    } catch {
      this.#dropped += count;
    }
  }
}
