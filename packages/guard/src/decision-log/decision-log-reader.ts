import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { GuardError } from '../guard-error.js';

/** One line of a decision log. */
export interface LogLine {
  /** Path of the file; `undefined` where lines came without one. */
  readonly file: string | undefined;
  /** From 1 on. */
  readonly line: number;
  /** `undefined` for a line that is longer than any decision. */
  readonly text: string | undefined;
}

/** Far above what a decision can take: a file that is no log must not fill the memory. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const NEWLINE = 10;

/**
 * Reads the lines of files, one after the other; a file that is compressed by gzip, whatever its name, is read as what it
 * holds.
 *
 * @throws {GuardError} `log_unreadable`
 */
export async function* readLogFiles(files: readonly string[]): AsyncGenerator<LogLine> {
  for (const file of files) {
    let line = 0;
    try {
      for await (const text of splitLines(await openPlain(file))) {
        line += 1;
        yield { file, line, text };
      }
    } catch (cause) {
      const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
      throw new GuardError(
        'log_unreadable',
        `${file}: cannot be read after line ${line} (${reason}); check the path and the file`,
        {
          cause,
        },
      );
    }
  }
}

/** Numbers lines that come from elsewhere. */
export async function* numberLines(lines: AsyncIterable<string>): AsyncGenerator<LogLine> {
  let line = 0;
  for await (const text of lines) {
    line += 1;
    yield { file: undefined, line, text };
  }
}

async function openPlain(file: string): Promise<AsyncIterable<Buffer>> {
  const handle = await open(file);
  const start = Buffer.alloc(2);
  try {
    await handle.read(start, 0, 2, 0);
  } finally {
    await handle.close();
  }
  const stream = createReadStream(file);
  if (start[0] !== 0x1f || start[1] !== 0x8b) {
    return stream;
  }
  const plain = createGunzip();
  stream.on('error', (error) => plain.destroy(error));
  plain.on('close', () => stream.destroy());
  return stream.pipe(plain);
}

/** `undefined` stands for a line that is too long. */
async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string | undefined> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const take = (): string | undefined => {
    const text = bytes > MAX_LINE_BYTES ? undefined : Buffer.concat(parts).toString('utf8');
    parts = [];
    bytes = 0;
    return text;
  };
  const add = (part: Buffer): void => {
    bytes += part.length;
    if (bytes > MAX_LINE_BYTES) parts = [];
    else parts.push(part);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    add(chunk.subarray(start));
  }
  if (bytes > 0) {
    yield take();
  }
}
