import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openAuditLog } from './audit-log.js';
import type { DecisionEvent } from './decision-event.js';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

const event: DecisionEvent = {
  id: 'x-1',
  time: 1_800_000_000_000,
  method: '/a.B/C',
  step: 'call',
  allow: false,
  code: 'policy_denied',
  reasons: ['role_missing'],
  subject: 'spiffe://a/b',
  resource: { type: 'record', id: 'line\nbreak " \u2028 \ud800' },
  peerAddress: '192.0.2.1:7',
};
const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);

test('writes one JSON object a line, and appends to what is there', async () => {
  const file = join(folder, 'new', 'folder', 'audit.jsonl');
  for (let opened = 0; opened < 2; opened += 1) {
    await using log = openAuditLog(file);
    log.onDecision(event);
    log.onDecision({ ...event, id: 'x-2', allow: true, code: 'allowed' });
    await log.flush();
    expect(linesOf(file)).toHaveLength(2 * (opened + 1));
  }
  const lines = linesOf(file).map((line): unknown => JSON.parse(line));
  expect(lines).toHaveLength(4);
  expect(lines[0]).toEqual({
    time: '2027-01-15T08:00:00.000Z',
    id: 'x-1',
    method: '/a.B/C',
    step: 'call',
    allow: false,
    code: 'policy_denied',
    reasons: ['role_missing'],
    subject: 'spiffe://a/b',
    resource: { type: 'record', id: 'line\nbreak " \u2028 \ud800' },
    peer_address: '192.0.2.1:7',
  });
  expect(statSync(file).mode & 0o077).toBe(0); // nobody else reads it
});

test('writes by itself after a moment', async () => {
  const file = join(folder, 'timer.jsonl');
  await using log = openAuditLog(file);
  log.onDecision(event);
  expect(linesOf(file)).toHaveLength(0);
  await vi.waitFor(() => expect(linesOf(file)).toHaveLength(1));
});

test('flush waits for everything so far, in order, while more arrives', async () => {
  const file = join(folder, 'order.jsonl');
  await using log = openAuditLog(file);
  const flushes: Promise<void>[] = [];
  for (let count = 0; count < 5000; count += 1) {
    log.onDecision({ ...event, id: `${count}` });
    if (count % 700 === 0) flushes.push(log.flush());
  }
  await Promise.all([...flushes, log.flush()]);
  const ids = linesOf(file).map((line) => (JSON.parse(line) as { id: string }).id);
  expect(ids).toEqual(Array.from({ length: 5000 }, (_, count) => `${count}`));
  expect(log.dropped).toBe(0);
  await log.flush();
});

test('close writes what waits; later events are counted as dropped', async () => {
  const file = join(folder, 'closed.jsonl');
  const log = openAuditLog(file);
  log.onDecision(event);
  await Promise.all([log.close(), log.close()]);
  expect(linesOf(file)).toHaveLength(1);
  log.onDecision(event);
  await log.flush();
  expect(log.dropped).toBe(1);
});

test('an event that cannot be written is counted, the others are written', async () => {
  const file = join(folder, 'odd.jsonl');
  await using log = openAuditLog(file);
  log.onDecision({ ...event, time: Number.NaN });
  log.onDecision(event);
  await log.flush();
  expect(linesOf(file)).toHaveLength(1);
  expect(log.dropped).toBe(1);
});

test('a disk that is full loses events, counted, and ends nothing', async () => {
  await using log = openAuditLog('/dev/full');
  for (let count = 0; count < 3; count += 1) {
    log.onDecision(event);
    log.onDecision(event);
    await log.flush();
  }
  expect(log.dropped).toBe(6);
});

test('events beyond what may wait are dropped', async () => {
  await using log = openAuditLog('/dev/null');
  for (let count = 0; count < 100_010; count += 1) log.onDecision(event);
  expect(log.dropped).toBe(10);
});

describe('a path that cannot be written', () => {
  test.each([folder, '/dev/null/audit.jsonl'])('%s', (path) => {
    expect(() => openAuditLog(path)).toThrow(
      expect.objectContaining({
        name: 'GuardError',
        code: 'config_invalid',
        message: expect.stringContaining(`cannot write the audit trail ${path}`),
      }),
    );
  });
});
