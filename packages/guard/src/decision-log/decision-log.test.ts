import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { createMethod } from '../decision/decision-input.js';
import { decisionInput, deniedEvent as event } from '../test-support/decision-events.js';
import { type DecisionLogOptions, openDecisionLog } from './decision-log.js';
import { DecisionRecorder } from './decision-recorder.js';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);
const idsOf = (file: string): string[] => linesOf(file).map((line) => (JSON.parse(line) as { decision_id: string }).decision_id);

test('writes one JSON object a line, and appends to what is there', async () => {
  const file = join(folder, 'new', 'folder', 'audit.jsonl');
  for (let opened = 0; opened < 2; opened += 1) {
    await using log = openDecisionLog({ to: file, labels: { app: 'test' } });
    log.onDecision(event);
    log.onDecision({ ...event, id: 'x-2', allow: true, code: 'allowed' });
    await log.flush();
    expect(linesOf(file)).toHaveLength(2 * (opened + 1));
    expect([log.written, log.dropped]).toEqual([2, 0]);
  }
  expect(idsOf(file)).toEqual(['x-1', 'x-2', 'x-1', 'x-2']);
  expect(JSON.parse(linesOf(file)[0] ?? '')).toMatchObject({
    labels: { app: 'test' },
    timestamp: '2027-01-15T08:00:00.042Z',
    result: { allow: false, reasons: ['role_missing'] },
    input: { subject: { id: 'spiffe://home.example/agent/a1' } },
  });
  expect(readFileSync(file, 'utf8')).not.toContain('canary');
  expect(statSync(file).mode & 0o077).toBe(0); // nobody else reads it
});

test('writes by itself after a moment', async () => {
  const file = join(folder, 'timer.jsonl');
  await using log = openDecisionLog({ to: file });
  for (let count = 1; count <= 3; count += 1) {
    log.onDecision(event);
    expect(linesOf(file)).toHaveLength(count - 1);
    await vi.waitFor(() => expect(linesOf(file)).toHaveLength(count));
  }
});

test('flush waits for everything so far, in order, while more arrives', async () => {
  const file = join(folder, 'order.jsonl');
  await using log = openDecisionLog({ to: file });
  const flushes: Promise<void>[] = [];
  for (let count = 0; count < 5000; count += 1) {
    log.onDecision({ ...event, id: `${count}` });
    if (count % 700 === 0) flushes.push(log.flush());
    if (count % 1100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all([...flushes, log.flush()]);
  expect(idsOf(file)).toEqual(Array.from({ length: 5000 }, (_, count) => `${count}`));
  expect(log.dropped).toBe(0);
  await log.flush();
});

test('close writes what waits; later events are counted as dropped', async () => {
  const file = join(folder, 'closed.jsonl');
  const log = openDecisionLog({ to: file });
  log.onDecision(event);
  await Promise.all([log.close(), log.close()]);
  expect(linesOf(file)).toHaveLength(1);
  log.onDecision(event);
  await log.flush();
  expect(log.dropped).toBe(1);
  expect(await log.reopen()).toBe(false);
});

test('an event that cannot be written is counted, the others are written', async () => {
  const file = join(folder, 'odd.jsonl');
  await using log = openDecisionLog({ to: file });
  log.onDecision({ ...event, time: Number.NaN });
  log.onDecision(event);
  await log.flush();
  expect(linesOf(file)).toHaveLength(1);
  expect(log.dropped).toBe(1);
});

test('a disk that is full loses events, counted, and ends nothing', async () => {
  await using log = openDecisionLog({ to: '/dev/full' });
  for (let count = 0; count < 3; count += 1) {
    log.onDecision(event);
    log.onDecision(event);
    await log.flush();
  }
  expect([log.written, log.dropped]).toEqual([0, 6]);
});

describe('what comes too fast is dropped, and counted', () => {
  test('events', async () => {
    await using log = openDecisionLog({ to: '/dev/null' });
    for (let count = 0; count < 100_010; count += 1) log.onDecision(event);
    expect(log.dropped).toBe(10);
    await log.flush();
    expect([log.written, log.dropped]).toEqual([100_000, 10]);
  });

  test('what callers made large, before it is written', async () => {
    await using log = openDecisionLog({ to: '/dev/null' });
    const recorder = new DecisionRecorder(log.onDecision, Date.now);
    const method = createMethod(event.method, { class: 'write', phases: ['call', 'request'] });
    const caller = { subject: decisionInput.subject, caller: {} as never };
    const context = { caller, method, server: decisionInput.context.server, peerAddress: '' };
    const [size, bound] = [1024 * 1024, 64];
    const tell = (length: number): void => {
      const resource = { type: 'record', properties: { name: 'x'.repeat(length) } };
      recorder.allowed({ method: event.method, step: 'request', peerAddress: '', resource, context, now: 1 }, []);
    };
    for (let round = 1; round <= 2; round += 1) {
      for (let count = 0; count < bound; count += 1) tell(size);
      expect(log.dropped).toBe(3 * (round - 1));
      for (let count = 0; count < 3; count += 1) tell(1);
      expect(log.dropped).toBe(3 * round);
      tell(0);
      await log.flush();
      expect([log.written, log.dropped]).toEqual([(bound + 1) * round, 3 * round]);
    }
  });

  test('bytes', async () => {
    const file = join(folder, 'bytes.jsonl');
    await using control = openDecisionLog({ to: file, labels: { id: 'x' } });
    control.onDecision(event);
    await control.flush();
    const maxWaitingBytes = 3 * (linesOf(file)[0]?.length ?? 0);
    await using log = openDecisionLog({ to: file, labels: { id: 'x' }, maxWaitingBytes });
    for (let round = 1; round <= 2; round += 1) {
      for (let count = 0; count < 5; count += 1) log.onDecision(event);
      await log.flush();
      expect([log.written, log.dropped]).toEqual([3 * round, 2 * round]);
    }
  });
});

describe('rotation', () => {
  test('by size keeps as many files as it should, and every line once', async () => {
    const file = join(folder, 'size', 'audit.jsonl');
    await using log = openDecisionLog({ to: file, rotation: { maxBytes: 3000, keep: 2 } });
    for (let count = 0; count < 12; count += 1) {
      log.onDecision({ ...event, id: `${count}` });
      await log.flush();
    }
    expect(readdirSync(join(folder, 'size')).toSorted()).toEqual(['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2']);
    for (const name of readdirSync(join(folder, 'size')))
      expect(statSync(join(folder, 'size', name)).size).toBeLessThanOrEqual(3000);
    const kept = [...idsOf(`${file}.2`), ...idsOf(`${file}.1`), ...idsOf(file)];
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => `${12 - kept.length + index}`));
    expect(kept.length).toBeGreaterThan(4);
    expect([log.written, log.dropped]).toEqual([12, 0]);
  });

  test('counts what a file held before it was opened', async () => {
    const file = join(folder, 'again', 'audit.jsonl');
    for (let count = 0; count < 2; count += 1) {
      await using log = openDecisionLog({ to: file, rotation: { maxBytes: 1500, keep: 1 } });
      log.onDecision({ ...event, id: `${count}` });
    }
    expect([idsOf(`${file}.1`), idsOf(file)]).toEqual([['0'], ['1']]);
  });

  test('by age', async () => {
    const file = join(folder, 'age', 'audit.jsonl');
    const now = vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
    try {
      await using log = openDecisionLog({ to: file, rotation: { maxAgeMs: 60_000 } });
      for (const [id, time] of [
        ['a', 1_000_000],
        ['b', 1_059_999],
        ['c', 1_060_000],
        ['d', 1_119_999],
      ] as const) {
        now.mockReturnValue(time);
        log.onDecision({ ...event, id });
        await log.flush();
      }
    } finally {
      now.mockRestore();
    }
    expect([idsOf(`${file}.1`), idsOf(file)]).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  test('keeps nothing when told so', async () => {
    const file = join(folder, 'none', 'audit.jsonl');
    await using log = openDecisionLog({ to: file, rotation: { maxBytes: 1, keep: 0 } });
    for (const id of ['a', 'b']) {
      log.onDecision({ ...event, id });
      await log.flush();
    }
    expect(readdirSync(join(folder, 'none'))).toEqual(['audit.jsonl']);
    expect(idsOf(file)).toEqual(['b']);
  });

  test('that cannot happen loses no line', async () => {
    const file = join(folder, 'stuck', 'audit.jsonl');
    await using log = openDecisionLog({ to: file, rotation: { maxBytes: 1, keep: 1 } });
    log.onDecision({ ...event, id: 'a' });
    await log.flush();
    renameSync(file, `${file}.kept`);
    rmSync(join(folder, 'stuck', 'audit.jsonl'), { force: true });
    spawnSync('mkdir', ['-p', `${file}/in-the-way`, `${file}.1/in-the-way`]);
    log.onDecision({ ...event, id: 'b' });
    await log.flush();
    expect(idsOf(`${file}.kept`)).toEqual(['a', 'b']);
    expect([log.written, log.dropped]).toEqual([2, 0]);
  });
});

describe('reopen', () => {
  test('goes on in a new file after the old one was moved away', async () => {
    const file = join(folder, 'moved.jsonl');
    await using log = openDecisionLog({ to: file });
    log.onDecision({ ...event, id: 'a' });
    await log.flush();
    renameSync(file, `${file}.old`);
    log.onDecision({ ...event, id: 'b' });
    await log.flush();
    expect(existsSync(file)).toBe(false);
    log.onDecision({ ...event, id: 'c' });
    expect(await Promise.all([log.reopen(), log.reopen()])).toEqual([true, true]);
    await log.flush();
    expect([...idsOf(`${file}.old`), ...idsOf(file)]).toEqual(['a', 'b', 'c']);
    expect(idsOf(file)).toContain('c');
  });

  test('that fails goes on in the old one', async () => {
    const file = join(folder, 'blocked.jsonl');
    await using log = openDecisionLog({ to: file });
    renameSync(file, `${file}.old`);
    spawnSync('mkdir', [file]);
    expect(await log.reopen()).toBe(false);
    log.onDecision(event);
    await log.flush();
    expect(idsOf(`${file}.old`)).toEqual(['x-1']);
  });
});

describe('a mistake is told when the log is opened', () => {
  test('a pipe that nobody reads does not hold up the process', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(() => openDecisionLog({ to: pipe })).toThrow(
      expect.objectContaining({ code: 'config_invalid', cause: expect.objectContaining({ code: 'ENXIO' }) }),
    );
  });

  test.each([folder, '/dev/null/audit.jsonl'])('%s cannot be written', (to) => {
    expect(() => openDecisionLog({ to })).toThrow(
      expect.objectContaining({
        name: 'GuardError',
        code: 'config_invalid',
        message: expect.stringContaining(`cannot write the decision log ${to}`),
      }),
    );
  });

  test.each<Omit<DecisionLogOptions, 'to'> & { to?: DecisionLogOptions['to'] }>([
    { rotation: { maxBytes: 0 } },
    { rotation: { maxAgeMs: Number.NaN } },
    { rotation: { keep: -1 } },
    { rotation: { keep: 1.5 } },
    { maxWaitingBytes: -1 },
    { closeTimeoutMs: -1 },
    { to: { stdout: true }, rotation: { maxBytes: 1 } },
    { mask: ['/nothing'] },
  ])('%j', (options) => {
    expect(() => openDecisionLog({ to: '/dev/null', ...options })).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  });
});
