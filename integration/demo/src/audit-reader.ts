import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';

/** One decision of the audit trail, as far as the table shows it. */
export interface AuditLine {
  readonly id: string;
  readonly allow: boolean;
  readonly reasons: readonly string[];
}

/** The same as it is written, in OPA's decision log format. */
interface WrittenLine {
  readonly decision_id: string;
  readonly result?: { readonly reasons: readonly string[] };
  readonly custom: { readonly allow: boolean; readonly reasons?: readonly string[] };
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
      .map((line) => JSON.parse(line) as WrittenLine)
      .map(({ decision_id, result, custom }) => ({
        id: decision_id,
        allow: custom.allow,
        reasons: result?.reasons ?? custom.reasons ?? [],
      }));
  }
}
