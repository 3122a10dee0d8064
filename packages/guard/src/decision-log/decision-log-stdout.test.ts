import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';

const EVENTS = 5000;
const folder = mkdtempSync(join(tmpdir(), 'dirgate-stdout-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a reader of standard output that does not read holds up nothing, and gets every line once it does', async () => {
  const script = join(folder, 'logging.mjs');
  writeFileSync(
    script,
    `import { openDecisionLog } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
    const log = openDecisionLog({ to: { stdout: true } });
    process.on('message', async (question) => {
      if (question === 'write') {
        for (let count = 0; count < ${EVENTS}; count += 1) {
          const event = { id: String(count), time: 0, method: '/a.B/C', step: 'call', allow: true, code: 'allowed', reasons: [] };
          log.onDecision({ ...event, peerAddress: '192.0.2.1:7' });
        }
        setTimeout(() => process.send({ written: log.written, dropped: log.dropped }), 100);
      } else {
        await log.close();
        process.send({ written: log.written, dropped: log.dropped }, () => process.disconnect());
      }
    });`,
  );
  const child = fork(script, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  child.send('write');
  const [early] = (await once(child, 'message')) as [{ written: number; dropped: number }];
  expect(early.dropped).toBe(0);
  expect(early.written).toBeLessThan(EVENTS); // the pipe is full, and yet the process answers
  if (child.stdout === null) throw new Error('no pipe');
  child.send('close');
  const ids: unknown[] = [];
  const lines = createInterface(child.stdout).on('line', (line) => ids.push(JSON.parse(line).decision_id));
  const [late] = (await once(child, 'message')) as [{ written: number; dropped: number }];
  await once(lines, 'close');
  expect(late).toEqual({ written: EVENTS, dropped: 0 });
  expect(ids).toEqual(Array.from({ length: EVENTS }, (_, count) => `${count}`));
});
