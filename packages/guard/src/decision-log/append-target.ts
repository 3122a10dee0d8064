import { close, constants, fstat, fstatSync, mkdirSync, openSync, rename, rm, write } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { GuardError } from '../guard-error.js';

/** When a file is put aside as `FILE.1`, the one before it as `FILE.2`, and so on. */
export interface DecisionLogRotation {
  /** Before a file grows beyond this; it may when one write is larger. */
  readonly maxBytes?: number;
  /** When a file has been written to for this long. */
  readonly maxAgeMs?: number;
  /** How many files are kept beside the one that is written; default 5. The oldest is removed. */
  readonly keep?: number;
}

const DEFAULT_KEEP = 5;
/** A pipe that nobody reads must be an error, and not hold up the process until somebody does. */
const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NONBLOCK;
/** How long to wait when a pipe is full that another process has made non-blocking. */
const PIPE_FULL_MS = 20;

/**
 * A file, or standard output, that is appended to. One write at a time. Written by file descriptor in the thread pool and
 * not by `process.stdout`, whose writes hold up the process when the reader of a pipe does not keep up.
 */
export class AppendTarget {
  readonly #file: string | undefined;
  readonly #rotation: Required<DecisionLogRotation>;
  #descriptor: number;
  #bytes: number;
  #openedAt: number;
  /** A write has failed: what is there may end within a line. */
  #torn = false;
  /** The file that is open has been put aside already, and another one could not be opened. */
  #aside = false;
  #closed = false;

  /** @throws {GuardError} `config_invalid` when the file cannot be opened for writing, or the rotation is none */
  constructor(
    target: string | number,
    { maxBytes = Infinity, maxAgeMs = Infinity, keep = DEFAULT_KEEP }: DecisionLogRotation = {},
  ) {
    if (!(maxBytes > 0 && maxAgeMs > 0 && Number.isInteger(keep) && keep >= 0 && keep <= 1000)) {
      throw new GuardError('config_invalid', 'rotation: maxBytes and maxAgeMs must be above 0, keep between 0 and 1,000');
    }
    this.#rotation = { maxBytes, maxAgeMs, keep };
    this.#file = typeof target === 'string' ? target : undefined;
    this.#descriptor = typeof target === 'string' ? openForAppending(target) : target;
    // As a bigint: after a plain stat of a pipe, Node (20 and 22) finds no module behind a symbolic link for a while.
    this.#bytes = typeof target === 'string' ? Number(fstatSync(this.#descriptor, { bigint: true }).size) : 0;
    this.#openedAt = Date.now();
  }

  /** Appends whole lines of ASCII, each with its end. Rejects when not all of it could be written. */
  async append(text: string): Promise<void> {
    const bytes = Buffer.from(this.#torn ? `\n${text}` : text, 'latin1');
    if (this.#bytes > 0 && (this.#bytes + bytes.length > this.#rotation.maxBytes || this.#isOld())) {
      await this.#rotate();
    }
    try {
      await this.#writeAll(bytes);
      this.#torn = false;
    } catch (error) {
      this.#torn = true;
      throw error;
    }
  }

  /** Opens the file anew by its name, after somebody else has moved it. Throws and goes on with the old one if it cannot. */
  async reopen(): Promise<void> {
    if (this.#file !== undefined) {
      const descriptor = openForAppending(this.#file);
      const old = this.#descriptor;
      this.#descriptor = descriptor;
      this.#aside = false;
      this.#bytes = (await promisify(fstat)(descriptor)).size;
      this.#openedAt = Date.now();
      await promisify(close)(old);
    }
  }

  /** Never throws: what an error could tell here, the write before would have told. */
  close(): void {
    if (this.#file !== undefined && !this.#closed) {
      this.#closed = true; // a descriptor that is closed twice may be somebody else's by then
      close(this.#descriptor, () => undefined);
    }
  }

  #isOld(): boolean {
    return Date.now() - this.#openedAt >= this.#rotation.maxAgeMs;
  }

  /** A step that fails leaves the file that is open in use; the next write tries again. */
  async #rotate(): Promise<void> {
    const file = this.#file;
    if (file === undefined) {
      return;
    }
    try {
      if (!this.#aside) {
        await this.#putAside(file);
        this.#aside = true; // once: every further move would cost the oldest file
      }
      await this.reopen();
    } catch {
      // Nothing is lost: lines go on into the file that is open.
    }
  }

  async #putAside(file: string): Promise<void> {
    const { keep } = this.#rotation;
    if (keep === 0) {
      await promisify(rm)(file, { force: true });
    }
    for (let number = keep; number > 0; number -= 1) {
      await moveIfThere(number === 1 ? file : `${file}.${number - 1}`, `${file}.${number}`);
    }
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    for (let offset = 0; offset < bytes.length; ) {
      try {
        const { bytesWritten } = await promisify(write)(this.#descriptor, bytes, offset);
        offset += bytesWritten;
        this.#bytes += bytesWritten;
      } catch (error) {
        if (!isPipeFull(error)) {
          throw error;
        }
        await delay(PIPE_FULL_MS, undefined, { ref: false }); // a reader that is stuck must not keep the process from ending
      }
    }
  }
}

function openForAppending(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, APPEND, 0o600);
  } catch (cause) {
    throw new GuardError('config_invalid', `cannot write the decision log ${file}: check the path and its permissions`, {
      cause,
    });
  }
}

async function moveIfThere(from: string, to: string): Promise<void> {
  try {
    await promisify(rename)(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      throw error;
    }
  }
}

function isPipeFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
