import type { WorkloadApiLogger } from '@dirgate/workload-api';

/** Keeps what is reported, and lets a test wait for a report. */
export class RecordingLogger implements WorkloadApiLogger {
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  info(message: string): void {
    this.#add(message);
  }

  warn(message: string): void {
    this.#add(message);
  }

  error(message: string): void {
    this.#add(message);
  }

  has(text: string): boolean {
    return this.lines.some((line) => line.includes(text));
  }

  async reported(text: string): Promise<void> {
    while (!this.has(text)) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #add(line: string): void {
    this.lines.push(line);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
