import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('policy-import.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'dirgate-import-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: readonly string[]) {
  return spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8' });
}

describe('npm run policy:import', () => {
  it('writes the grants, tells what else is let in today, and overwrites nothing', () => {
    writeFileSync(join(folder, 'good.csv'), 'p,example.org,/agntcy.dir.store.v1.StoreService/Pull\n');
    const { status, stdout } = run('good.csv', '--out', 'grants.yaml');
    expect(status).toBe(0);
    expect(readFileSync(join(folder, 'grants.yaml'), 'utf8')).toContain('- /agntcy.dir.store.v1.StoreService/Pull');
    expect(stdout).toContain('example.org.evil.test');
    expect(stdout).toContain('/agntcy.dir.store.v1.StoreService/PullReferrer');

    const again = run('good.csv', '--out', 'grants.yaml');
    expect(again.status).toBe(2);
    expect(again.stderr).toContain('grants.yaml: EEXIST');
  }, 120_000); // it may have to build first

  it.each([
    ['a policy that cannot be imported', ['bad.csv', '--out', 'bad.yaml'], 'bad.csv: line 1: the method column is empty'],
    ['a file that is not there', ['none.csv', '--out', 'bad.yaml'], 'none.csv: ENOENT'],
    [
      'a trust domain that is none',
      ['bad.csv', '--out', 'bad.yaml', '--trust-domain', 'Prod'],
      '--trust-domain: a trust domain name must not hold the character at offset 0',
    ],
    ['no --out', ['bad.csv'], 'name one policy file and --out'],
    ['an unknown option', ['bad.csv', '--into', 'x'], "Unknown option '--into'"],
  ])('ends with 2 and one sentence for %s', (_, args, sentence) => {
    writeFileSync(join(folder, 'bad.csv'), 'p,example.org,\n');
    const { status, stderr } = run(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(sentence);
  });
});
