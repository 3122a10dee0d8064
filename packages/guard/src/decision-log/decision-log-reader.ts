import { isUtf8 } from 'node:buffer';
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
  readonly content: LineContent;
}

/** What a line holds, or why that cannot be read. */
export type LineContent = { readonly text: string } | { readonly problem: 'it is too long' | 'it is not UTF-8' };

/** Far above what a decision can take: a file that is no log must not fill the memory. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const NEWLINE = 10;
const TOO_LONG: LineContent = { problem: 'it is too long' };

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
      for await (const content of splitLines(await openPlain(file))) {
        line += 1;
        yield { file, line, content };
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
    yield { file: undefined, line, content: { text } };
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

async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<LineContent> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const take = (): LineContent => {
    const content = bytes > MAX_LINE_BYTES ? TOO_LONG : contentOf(Buffer.concat(parts));
    parts = [];
    bytes = 0;
    return content;
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

/** Bytes that are no text would be read as others, and judged as what nobody was asked. */
function contentOf(bytes: Buffer): LineContent {
  return isUtf8(bytes) ? { text: bytes.toString('utf8') } : { problem: 'it is not UTF-8' };
}
