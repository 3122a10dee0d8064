import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { pack, unpack } from './policy-bundle.mjs';
import { bundleReports } from './policy-bundle-report.mjs';
import { ROOT } from './workspace.mjs';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-report-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fixtures = `${ROOT}/packages/policy/src/test-support/bundles`;

/** Name, problems, remedy. */
type Report = readonly (string | undefined)[];

/** A bundle that answers what its input says, with a record. */
async function recorded(name: string, ...more: readonly object[]): Promise<string> {
  const files = (await unpack(gunzipSync(readFileSync(`${fixtures}/echo.tar.gz`)))) as Map<string, Buffer>;
  const wasm = files.get('policy.wasm') ?? '';
  const cases = [true, false].map((allow) => ({ note: `${allow}`, input: { answer: { allow, reasons: [] } }, allow }));
  const dirgate = {
    phases: ['call', 'request'],
    inputs: [['answer'], ['numbers']],
    wasm_sha256: createHash('sha256').update(wasm).digest('hex'),
    probes: { cases: [...cases, ...more] },
  };
  files.set('.manifest', Buffer.from(JSON.stringify({ metadata: { dirgate } })));
  const path = join(folder, `${name}.tar.gz`);
  writeFileSync(path, gzipSync(await pack(files)));
  return path;
}

const reportsOf = async (path: string): Promise<readonly Report[]> => bundleReports(path, undefined);

describe('what policy:check says of a bundle', () => {
  it('is what its record holds, and how long its probes take', async () => {
    const reports = await reportsOf(await recorded('good'));
    expect(reports.map(([, problems]) => problems)).toEqual(['', '', '']);
    expect(reports.map(([name]) => name)).toEqual([
      expect.stringMatching(/good\.tar\.gz loads, and its probes hold$/),
      expect.stringMatching(/phases call, request; reads answer, numbers$/),
      expect.stringMatching(/^each of 2 probes of .*good\.tar\.gz, timed: \d+ µs to \d+ µs \("(?:true|false)"\)$/),
    ]);
  });

  it('names a probe that does not hold', async () => {
    const wrong = { note: 'wrong', input: { answer: { allow: false, reasons: [] } }, allow: true };
    const reports = await reportsOf(await recorded('wrong', wrong));
    expect(reports).toEqual([
      [expect.any(String), expect.stringContaining('its probe "wrong" gave deny instead of allow'), undefined],
    ]);
  });

  it('names a probe that is slow', async () => {
    const slow = { note: 'slow', input: { answer: { allow: true, reasons: [] }, numbers: 300_000 }, allow: true };
    const [, , timing] = await reportsOf(await recorded('slow', slow));
    expect(timing).toEqual([
      expect.stringContaining('each of 3 probes'),
      expect.stringMatching(/^"slow" takes \d+ µs$/),
      expect.stringContaining('look things up by key'),
    ]);
  });

  it('is that nothing tests it, where it has no record', async () => {
    const [loads, record] = await reportsOf(`${fixtures}/echo.tar.gz`);
    expect(loads?.[1]).toBe('');
    expect(record).toEqual([
      expect.stringContaining('has a record'),
      expect.stringContaining('no metadata.dirgate'),
      expect.stringContaining('policy:build'),
    ]);
  });

  it('is why it does not load', async () => {
    const [signed] = await reportsOf(`${fixtures}/signed.tar.gz`);
    expect(signed?.[2]).toContain('--verification-key FILE');
    const [absent] = await reportsOf(join(folder, 'absent.tar.gz'));
    expect(absent?.[1]).toContain('absent.tar.gz: cannot be read (ENOENT)');
  });

  it('is that it is signed, where that was asked for', async () => {
    const keys = [{ id: 'fixture', algorithm: 'ES256', publicKey: readFileSync(`${fixtures}/signed.pub.pem`, 'utf8') }];
    const of = async (verification: object): Promise<readonly Report[]> =>
      bundleReports(`${fixtures}/signed.tar.gz`, verification);
    const [taken] = await of({ keys, scope: 'directory' });
    expect(taken).toEqual([expect.stringContaining('signed.tar.gz loads, is signed'), '']);
    const [refused] = await of({ keys, scope: 'other' });
    expect(refused?.[1]).toContain('its scope is not "other"');
  });
});
