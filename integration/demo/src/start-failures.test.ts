import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { replayDecisions } from '@dirgate/guard';
import { loadPolicy } from '@dirgate/policy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MAIN = join(ROOT, 'integration/demo/dist/main.js');
const CALL = join(ROOT, 'integration/demo/dist/call.js');
const BUNDLE = join(ROOT, 'policies/dist/directory.tar.gz');
const GRANTS = join(ROOT, 'integration/grants.yaml');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dirgate-start-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the built demo as a process of its own, on free ports and in a folder of its own. */
function demo(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const settings = {
    DIRGATE_DEMO_LISTEN: '127.0.0.1:0',
    DIRGATE_DEMO_NICE_LISTEN: '127.0.0.1:0',
    DIRGATE_DEMO_DATA: mkdtempSync(join(folder, 'data-')),
    ...env,
  };
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DIRGATE_')));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, '--once', ...args],
      { env: { ...inherited, ...settings }, timeout: 60_000 },
      (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

/** One line on stderr that names the thing and the remedy; exit code 2; no call was made. */
async function expectMendable(run: ReturnType<typeof demo>, ...names: readonly (string | RegExp)[]): Promise<void> {
  const { code, stdout, stderr } = await run;
  expect(stderr.trim().split('\n')).toHaveLength(1);
  for (const name of names) expect(stderr).toMatch(name);
  expect(code).toBe(2);
  expect(stdout).not.toContain('| OK');
}

describe('what could not start', { timeout: 60_000 }, () => {
  test.each([
    ['an unknown setting', { DIRGATE_DEMO_LISTENER: '127.0.0.1:1' }, ['DIRGATE_DEMO_LISTENER', 'DIRGATE_DEMO_LISTEN,']],
    ['no address', { DIRGATE_DEMO_LISTEN: 'here' }, ['DIRGATE_DEMO_LISTEN', '"here"', '127.0.0.1:8888']],
    ['no port', { DIRGATE_DEMO_NICE_LISTEN: '127.0.0.1:99999' }, ['DIRGATE_DEMO_NICE_LISTEN', '99999']],
    ['a missing bundle', { DIRGATE_DEMO_POLICY: '/nowhere/policy.tar.gz' }, ['/nowhere/policy.tar.gz']],
    ['missing grants', { DIRGATE_DEMO_GRANTS: '/nowhere/grants.yaml' }, ['/nowhere/grants.yaml']],
  ])('%s', (_name, env, names) => expectMendable(demo(env), ...names));

  test('an unknown argument', () => expectMendable(demo({}, '--onec'), '--onec', 'npm start -- --help'));

  test('a truncated bundle', () => {
    const bundle = join(folder, 'truncated.tar.gz');
    writeFileSync(bundle, readFileSync(BUNDLE).subarray(0, 500));
    return expectMendable(demo({ DIRGATE_DEMO_POLICY: bundle }), bundle, /truncated|incomplete|damaged/);
  });

  test('a bundle without the entrypoint', () =>
    expectMendable(
      demo({ DIRGATE_DEMO_POLICY: join(ROOT, 'packages/policy/src/test-support/bundles/other-entrypoint.tar.gz') }),
      'other-entrypoint.tar.gz',
      'directory/authz/decision',
    ));

  test('grants with a mistake', () => {
    const grants = join(folder, 'grants.yaml');
    writeFileSync(grants, 'ids:\n  spiffe://directory.example/a:\n    - roles: [emperor]\n');
    return expectMendable(demo({ DIRGATE_DEMO_GRANTS: grants }), grants, /roles|emperor/);
  });

  test('an address in use', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const listen = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    await expectMendable(demo({ DIRGATE_DEMO_LISTEN: listen }), listen, 'in use', 'DIRGATE_DEMO_LISTEN');
    await expectMendable(demo({ DIRGATE_DEMO_NICE_LISTEN: listen }), listen, 'in use', 'DIRGATE_DEMO_NICE_LISTEN');
    taken.close();
  });

  test('a database file that is not ours: it is left as it is', async () => {
    const data = join(folder, 'foreign');
    mkdirSync(data);
    const file = join(data, 'directory.db');
    writeFileSync(file, 'Dear diary');
    await expectMendable(demo({ DIRGATE_DEMO_DATA: data }), file);
    expect(readFileSync(file, 'utf8')).toBe('Dear diary');
    expect(readdirSync(data)).toEqual(['directory.db']);
  });

  test('a data folder that is a file', async () => {
    const data = join(folder, 'a-file');
    copyFileSync(BUNDLE, data);
    await expectMendable(demo({ DIRGATE_DEMO_DATA: data }), data);
    expect(existsSync(data)).toBe(true);
  });
});

describe('a caller without a Workload API', { timeout: 60_000 }, () => {
  test.each([
    ['no address', undefined, 'set SPIFFE_ENDPOINT_SOCKET=unix:///'],
    ['a missing socket', 'unix:///nowhere/agent.sock', 'is the agent running'],
    ['a path without its scheme', '/nowhere/agent.sock', 'unix:///nowhere/agent.sock'],
    ['a folder', `unix://${tmpdir()}`, 'is a directory'],
  ])('%s', async (_name, socket, remedy) => {
    const { SPIFFE_ENDPOINT_SOCKET: _, ...inherited } = process.env;
    const env = socket === undefined ? inherited : { ...inherited, SPIFFE_ENDPOINT_SOCKET: socket };
    const run = new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, [CALL, '127.0.0.1:1', 'search', '*'], { env, timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      );
    });
    await expectMendable(run, remedy);
  });
});

test('--help says what there is', async () => {
  const { code, stdout } = await demo({}, '--help');
  expect(code).toBe(0);
  expect(stdout).toContain('--once');
  expect(stdout).toContain('DIRGATE_DEMO_LISTEN');
});

test('--once: the table in plain lines, exit code 0, twice on the same data', { timeout: 90_000 }, async () => {
  const data = join(folder, 'twice');
  for (let round = 0; round < 2; round += 1) {
    const { code, stdout, stderr } = await demo({ DIRGATE_DEMO_DATA: data });
    expect(stderr).toBe('');
    expect(stdout).toContain('rows as expected');
    expect(stdout).not.toContain('NOT');
    expect(stdout).not.toContain('\u001b[');
    expect(code).toBe(0);
  }
  const audit = readFileSync(join(data, 'audit.jsonl'), 'utf8').trim().split('\n');
  expect(audit.every((line) => typeof JSON.parse(line).decision_id === 'string')).toBe(true);
  expect(audit.join()).not.toContain('Bearer');
  const policy = (await loadPolicy({ bundle: BUNDLE, data: GRANTS })).current();
  const replayed = await replayDecisions({ log: join(data, 'audit.jsonl'), policy });
  expect(replayed).toMatchObject({ changed: 0, otherReasons: 0, unjudged: { bad_line: 0, input_masked: 0, input_erased: 0 } });
  expect(replayed.judged).toBeGreaterThan(50);
});
