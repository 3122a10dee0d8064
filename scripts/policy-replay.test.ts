import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { createDecisionFormatter, type DecisionFormat } from '@dirgate/guard';
import { loadPolicy } from '@dirgate/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = new URL('../', import.meta.url);
const path = (name: string): string => fileURLToPath(new URL(name, repository));
const [bundle, grants] = [path('policies/dist/directory.tar.gz'), path('integration/grants.yaml')];
const folder = mkdtempSync(join(tmpdir(), 'dirgate-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: readonly string[]) {
  return spawnSync(process.execPath, [path('scripts/policy-replay.mjs'), ...args], { cwd: folder, encoding: 'utf8' });
}

const [service, id] = ['agntcy.dir.search.v1.SearchService', 'spiffe://directory.example/user/alice'];

/** A log of one decision, which the shipped bundle takes with the demo's grants. */
async function log(format: DecisionFormat = {}, phase: 'call' | 'request' = 'call'): Promise<string> {
  const policy = (await loadPolicy({ bundle, data: grants })).current();
  const method = `/${service}/SearchRecords`;
  const input = {
    subject: {
      type: 'workload',
      id,
      properties: {
        trust_domain: 'directory.example',
        path: ['user', 'alice'],
        credential: 'x509-svid',
        federated: false,
        audience: [],
        claims: {},
        peer: null,
      },
    },
    action: { name: method, properties: { service, method: 'SearchRecords', class: 'search', phase } },
    resource: { type: phase === 'call' ? 'service' : 'query', id: `${service}\u001b[2J`, properties: {} },
    context: { server: { trust_domain: 'directory.example' }, time_ms: 1, peer_address: '192.0.2.1:7' },
  } as const;
  const { allow, reasons, revision } = policy.decide(input);
  expect([allow, reasons]).toEqual([true, ['role_searcher']]);
  const facts = { id: 'd-1', time: 0, method, step: phase, peerAddress: '192.0.2.1:7' } as const;
  return `${createDecisionFormatter(format)({ ...facts, allow, code: 'allowed', reasons, revision, input })}\n`;
}

describe('npm run policy:replay', () => {
  beforeAll(async () => {
    writeFileSync(join(folder, 'good.jsonl'), await log());
    writeFileSync(join(folder, 'packed.gz'), gzipSync(await log({}, 'request')));
    writeFileSync(join(folder, 'masked.jsonl'), await log({ mask: ['/input/subject/id'] }));
    writeFileSync(join(folder, 'empty.jsonl'), '');
    writeFileSync(join(folder, 'others.jsonl'), '{"decision_id":"d-2","custom":{"step":"authentication"}}\n');
    writeFileSync(join(folder, 'bad.jsonl'), `${await log()}{"torn`);
  });

  it('ends with 0 when nothing changes', { timeout: 120_000 }, () => {
    const { status, stdout } = run('--log', 'good.jsonl', '--log', 'packed.gz', '--bundle', bundle, '--data', grants);
    expect(stdout).toMatch(
      /2 judged again by revision [0-9a-f]{32}: 0 with another verdict, 0 for other reasons\n0 not judged; 0 other lines\n$/,
    );
    expect(status).toBe(0);
  });

  it('ends with 2 when the log says nothing of a phase that the candidate judges', { timeout: 120_000 }, () => {
    const filtered = path('policies/dist/directory-filtered.tar.gz');
    for (const [candidate, phase] of [
      [['--log', 'good.jsonl', '--bundle', bundle], 'request'],
      [['--log', 'good.jsonl', '--log', 'packed.gz', '--bundle', filtered], 'response'],
    ] as const) {
      const { status, stdout } = run(...candidate, '--data', grants);
      expect(stdout).toContain(`nothing is known of phase ${phase}: no decision of it was judged\n`);
      expect(stdout).toContain(' 0 with another verdict');
      expect(status).toBe(2);
    }
  });

  it('takes a signed bundle with its key, and none without', { timeout: 120_000 }, () => {
    const signed = path('packages/policy/src/test-support/bundles/signed.tar.gz');
    const key = path('packages/policy/src/test-support/bundles/signed.pub.pem');
    const named = ['--verification-key-id', 'fixture', '--signing-alg', 'ES256', '--scope', 'directory'];
    const verified = run('--log', 'good.jsonl', '--bundle', signed, '--verification-key', key, ...named);
    expect(verified.stdout).toContain('1 judged again');
    const unverified = run('--log', 'good.jsonl', '--bundle', signed);
    expect(unverified.status).toBe(2);
    expect(unverified.stderr).toContain('signed');
  });

  it('ends with 2 when the log has no decision of a policy', { timeout: 120_000 }, () => {
    for (const [name, others] of [
      ['empty.jsonl', 0],
      ['others.jsonl', 1],
    ] as const) {
      const { status, stdout } = run('--log', name, '--bundle', bundle, '--data', grants);
      expect(stdout).toMatch(
        new RegExp(`^0 judged again .*\n0 not judged; ${others} other lines\nnothing is known of phase call: `),
      );
      expect(status).toBe(2);
    }
  });

  it('lists what changes, and ends with 1', { timeout: 120_000 }, () => {
    const { status, stdout } = run('--log', 'good.jsonl', '--bundle', bundle);
    expect(status).toBe(1);
    expect(stdout).toContain(
      `CHANGED     ${id}  /${service}/SearchRecords  call  service ${service}\\u001b[2J  allow [role_searcher] -> deny [no_grant]`,
    );
    expect(stdout).toContain('good.jsonl:1 decision d-1');
    const quiet = run('--log', 'good.jsonl', '--bundle', bundle, '--quiet');
    expect([quiet.status, quiet.stdout.includes('CHANGED')]).toEqual([1, false]);
  });

  it.each([
    ['masked.jsonl', 'not judged  input_masked (/input/subject/id)  masked.jsonl:1 decision d-1'],
    ['bad.jsonl', 'not judged  bad_line (it is not JSON)  bad.jsonl:2'],
  ])('vouches for nothing that it could not judge: %s', { timeout: 120_000 }, (name, expected) => {
    const { status, stdout } = run('--log', name, '--bundle', bundle, '--data', grants);
    expect(stdout).toContain(expected);
    expect(status).toBe(2);
  });

  it.each([
    [['--log', 'none.jsonl', '--bundle', bundle], 'none.jsonl: cannot be read after line 0 (ENOENT)'],
    [['--log', 'good.jsonl', '--bundle', 'good.jsonl'], 'good.jsonl: '],
    [['--log', 'good.jsonl'], 'give --log FILE and --bundle FILE'],
    [['--bundles', 'x'], "Unknown option '--bundles'"],
  ])('ends with 2 and one sentence: %j', { timeout: 120_000 }, (args, sentence) => {
    const { status, stderr } = run(...args);
    expect(stderr).toContain(`policy:replay: ${sentence}`);
    expect(status).toBe(2);
  });

  it('--help tells what there is', () => {
    const { status, stdout } = run('--help');
    expect(status).toBe(0);
    for (const option of ['--log', '--bundle', '--data', '--quiet', 'Exit code']) expect(stdout).toContain(option);
  });
});
