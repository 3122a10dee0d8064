import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { deniedEvent as denied } from '../test-support/decision-events.js';
import { ALICE, allowedEvent as allowed, candidate, linesOf } from '../test-support/replayed-log.js';
import { type ReplayDifference, replayDecisions, type UnjudgedLine } from './replay-decisions.js';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

const lines = linesOf([denied, allowed, denied]);
const write = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const plain = write('plain.jsonl', `${lines.join('\n')}\n`);
const packed = write('packed.1', gzipSync(`${lines.join('\r\n')}`)); // no name of a gzip file, no last newline

test('plain and compressed, in order', async () => {
  const differences: ReplayDifference[] = [];
  const report = await replayDecisions({
    log: [packed, plain],
    policy: candidate([ALICE]),
    onDifference: (difference) => differences.push(difference),
  });
  expect(report).toMatchObject({ judged: 6, changed: 4 });
  expect(differences.map(({ file, line }) => [file, line])).toEqual([
    [packed, 1],
    [packed, 3],
    [plain, 1],
    [plain, 3],
  ]);
  expect(await replayDecisions({ log: plain, policy: candidate([ALICE]) })).toMatchObject({ judged: 3, changed: 2 });
});

test('a line that is too long is one bad line, and the next is read', async () => {
  const path = write('long.jsonl', `${'x'.repeat(5_000_000)}\n${lines[0]}\n`);
  expect(await replayDecisions({ log: path, policy: candidate([ALICE]) })).toMatchObject({
    judged: 1,
    unjudged: { bad_line: 1 },
  });
});

test('a line whose bytes are no text is one bad line, and not judged as another', async () => {
  const [line = ''] = linesOf([denied]);
  const damaged = Buffer.from(`${line.replace('acme/thing', 'acme/thin?')}\n${line}\n`);
  const files = [write('whole.jsonl', damaged)];
  expect(await replayDecisions({ log: files, policy: candidate([ALICE]) })).toMatchObject({ judged: 2, changed: 2 });
  damaged[damaged.indexOf('?')] = 0xff;
  const left: UnjudgedLine[] = [];
  const log = write('damaged.jsonl', damaged);
  const report = await replayDecisions({ log, policy: candidate([ALICE]), onUnjudged: (unjudged) => left.push(unjudged) });
  expect(report).toMatchObject({ judged: 1, changed: 1, unjudged: { bad_line: 1 } });
  expect(left).toEqual([{ file: log, line: 1, reason: 'bad_line', detail: 'it is not UTF-8', decisionId: undefined }]);
});

test.each([
  ['missing', join(folder, 'missing'), 'ENOENT'],
  ['a folder', folder, 'EISDIR'],
  ['cut short', write('cut.gz', gzipSync(lines.join('\n').repeat(50)).subarray(0, -20)), 'Z_BUF_ERROR'],
])('%s: told with the file', async (_name, path, code) => {
  await expect(replayDecisions({ log: path, policy: candidate([]) })).rejects.toMatchObject({
    name: 'GuardError',
    code: 'log_unreadable',
    message: expect.stringMatching(new RegExp(`^${path}: cannot be read after line \\d+ \\(${code}\\)`)),
  });
});
