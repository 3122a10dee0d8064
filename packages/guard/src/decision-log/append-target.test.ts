import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { AppendTarget } from './append-target.js';
import { LineWriter } from './line-writer.js';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-append-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('what follows a write that failed begins a line of its own', async () => {
  const path = join(folder, 'torn');
  execFileSync('mkfifo', [path]);
  const open = (): number => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const read = (reader: number): string => {
    const chunk = Buffer.alloc(100);
    return chunk.toString('utf8', 0, readSync(reader, chunk));
  };
  let reader = open();
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const target = new AppendTarget(writer);
  await target.append('a\n');
  await target.append('b\n');
  expect(read(reader)).toBe('a\nb\n');
  closeSync(reader);
  await expect(target.append('c\n')).rejects.toMatchObject({ code: 'EPIPE' });
  reader = open();
  await target.append('d\n');
  await target.append('e\n');
  expect(read(reader)).toBe('\nd\ne\n');
  closeSync(reader);
  closeSync(writer);
});

/** Both ends of a pipe that does not block, full. */
function fullPipe(name: string): { readonly reader: number; readonly writer: number; readonly held: number } {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  let held = 0;
  try {
    for (;;) held += writeSync(writer, Buffer.alloc(4096, 'x'));
  } catch {
    return { reader, writer, held };
  }
}

test('a pipe whose reader does not keep up is waited for, and nothing is lost', async () => {
  const { reader, writer, held } = fullPipe('slow');
  const target = new AppendTarget(writer);
  let done = false;
  const line = `${'y'.repeat(100_000)}\n`; // more than a pipe holds
  const appended = target.append(line).then(() => {
    done = true;
  });
  const read: Buffer[] = [];
  const chunk = Buffer.alloc(65_536);
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(done).toBe(false); // nothing was read yet
  while (Buffer.concat(read).length < held + line.length) {
    try {
      read.push(Buffer.from(chunk.subarray(0, readSync(reader, chunk))));
    } catch {
      await new Promise((resolve) => setImmediate(resolve)); // empty for now
    }
  }
  await appended;
  expect(Buffer.concat(read).subarray(held).toString()).toBe(line);
  closeSync(reader);
  closeSync(writer);
});

test('lines that wait for a pipe which nobody reads are bounded, and dropped at the end', async () => {
  const { reader, writer } = fullPipe('stuck');
  const lines = new LineWriter(new AppendTarget(writer), 10);
  lines.accept(['123']);
  await new Promise((resolve) => setImmediate(resolve)); // that one is being written
  lines.accept(['123', '456', '789', '0']);
  expect([lines.written, lines.dropped]).toEqual([0, 0]);
  lines.accept(['1']);
  expect(lines.dropped).toBe(1);
  lines.close();
  expect([lines.written, lines.dropped]).toEqual([0, 5]);
  closeSync(reader); // the write that is under way ends with EPIPE
  await lines.flush();
  expect([lines.written, lines.dropped]).toEqual([0, 6]);
  closeSync(writer);
});

test('a log that is a pipe does not change how Node finds modules', () => {
  const parent = join(realpathSync(folder), 'modules');
  const pipe = join(parent, 'pipe');
  mkdirSync(join(parent, 'real'), { recursive: true });
  writeFileSync(join(parent, 'real', 'where.cjs'), 'module.exports = __filename;');
  for (const link of ['first', 'second']) symlinkSync('real', join(parent, link));
  execFileSync('mkfifo', [pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const load = createRequire(join(parent, 'main.cjs'));
  const real = join(parent, 'real', 'where.cjs');
  expect(load('./first/where.cjs')).toBe(real);
  const target = new AppendTarget(pipe);
  expect(load('./second/where.cjs')).toBe(real);
  target.close();
  closeSync(reader);
});

/** The number that the next file to be opened gets. */
function nextDescriptor(): number {
  const descriptor = openSync(folder, constants.O_RDONLY);
  closeSync(descriptor);
  return descriptor;
}

test('what comes after the end does not close a file that somebody else has opened meanwhile', async () => {
  const descriptor = nextDescriptor();
  const target = new AppendTarget(join(folder, 'ended'));
  const lines = new LineWriter(target, 100);
  lines.accept(['1']);
  await lines.flush();
  lines.close();
  const others: number[] = [];
  await vi.waitFor(() => {
    others.push(openSync(folder, constants.O_RDONLY));
    expect(others).toContain(descriptor);
  });
  lines.accept(['2']);
  await lines.flush();
  target.close();
  for (let turn = 0; turn < 20; turn += 1) await stat(folder); // a close in the thread pool would have been made
  for (const other of others) {
    expect(fstatSync(other).isDirectory()).toBe(true);
    closeSync(other);
  }
  expect([lines.written, lines.dropped]).toEqual([1, 1]);
});

test('a file that cannot be opened anew after it was put aside costs no older file', async () => {
  const parent = join(folder, 'aside');
  const file = join(parent, 'log');
  mkdirSync(parent);
  for (const number of [1, 2, 3]) writeFileSync(`${file}.${number}`, `old ${number}\n`);
  const target = new AppendTarget(file, { maxBytes: 1, keep: 4 });
  await target.append('a\n');
  const reopen = target.reopen.bind(target);
  target.reopen = () => Promise.reject(new Error('no space'));
  for (const line of ['b\n', 'c\n', 'd\n']) await target.append(line);
  const content = (): string[] => readdirSync(parent).map((name) => `${name} ${readFileSync(join(parent, name), 'utf8')}`);
  expect(content()).toEqual(['log.1 a\nb\nc\nd\n', 'log.2 old 1\n', 'log.3 old 2\n', 'log.4 old 3\n']);
  target.reopen = reopen;
  await target.append('e\n');
  expect(content().slice(0, 2)).toEqual(['log e\n', 'log.1 a\nb\nc\nd\n']);
  await target.append('f\n'); // and is put aside again
  expect(content().slice(0, 3)).toEqual(['log f\n', 'log.1 e\n', 'log.2 a\nb\nc\nd\n']);
  target.close();
});
