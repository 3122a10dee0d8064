import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

const STOP_MS = 10_000;

// Whatever ends us, also an error that nobody caught, ends them.
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** What to start, and where its log goes. */
export interface SpireProcessOptions {
  /** For messages. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** The log is appended to what is there. */
  readonly logFile: string;
  readonly signal: AbortSignal;
}

/** A spire-server, a spire-agent or a client that runs in the background, and not longer than we do. */
export class SpireProcess implements AsyncDisposable {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #logFile: string;
  readonly #lines: string[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #ended: Promise<string>;
  #end: string | undefined;

  constructor({ name, program, args, logFile, signal }: SpireProcessOptions) {
    this.name = name;
    this.#logFile = logFile;
    signal.throwIfAborted();
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this.#child);
    const kill = (): void => void this.#child.kill('SIGKILL');
    signal.addEventListener('abort', kill, { once: true });
    const log = createWriteStream(logFile, { flags: 'a' });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        this.#lines.push(line);
        this.#tell();
      });
    }
    this.#child.stdin?.on('error', () => undefined); // it may have ended before it read all
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      this.#child.once('close', (code, by) => resolve(`ended with ${by ?? `status ${code}`}`));
    });
    void this.#ended.then((end) => {
      this.#end = end;
      running.delete(this.#child);
      signal.removeEventListener('abort', kill);
      log.end();
      this.#tell();
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** All that it printed, line by line. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The first line that matches, printed already or to come. Rejects when the process ends without it, or at the limit. */
  line(pattern: RegExp, limitMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        end();
      };
      const look = (): void => {
        const found = this.#lines.find((line) => pattern.test(line));
        if (found !== undefined) settle(() => resolve(found));
        else if (this.#end !== undefined) settle(() => reject(this.#failure(`${this.#end} before it printed ${pattern}`)));
      };
      const timer = setTimeout(() => {
        settle(() => reject(this.#failure(`did not print ${pattern} within ${limitMs / 1000} s`)));
      }, limitMs);
      this.#watchers.add(look);
      look();
    });
  }

  /** Ends its standard input. */
  endInput(): void {
    this.#child.stdin?.end();
  }

  /** `kill -9`; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  /** SIGTERM, then SIGKILL if it does not end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #failure(what: string): Error {
    const last = this.#lines.slice(-5).map((line) => `\n    ${line}`);
    return new Error(`${this.name} ${what}; its log is ${this.#logFile}${last.join('')}`);
  }
}
