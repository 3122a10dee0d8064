import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';

/** One line of the audit trail, as far as the table shows it. */
export interface AuditLine {
  readonly id: string;
  readonly step: string;
  readonly allow: boolean;
  readonly code: string;
  readonly reasons: readonly string[];
  readonly rule?: string;
  readonly subject?: string;
}

/** Reads what was appended to an audit trail since the last look. */
export class AuditReader {
  readonly #file: string;
  #offset: number;

  /** Begins at the present end of the file. */
  constructor(file: string) {
    this.#file = file;
    this.#offset = existsSync(file) ? statSync(file).size : 0;
  }

  /** The complete lines since the last call. */
  readNew(): readonly AuditLine[] {
    const size = statSync(this.#file).size;
    const bytes = Buffer.alloc(size - this.#offset);
    const fd = openSync(this.#file, 'r');
    try {
      readSync(fd, bytes, 0, bytes.length, this.#offset);
    } finally {
      closeSync(fd);
    }
    this.#offset = size;
    return bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as AuditLine);
  }
}
