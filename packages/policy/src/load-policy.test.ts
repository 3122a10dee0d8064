import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy } from './load-policy.js';
import { errorOf } from './test-support/error-of.js';
import {
  fixtureBundle,
  type PackedEntry,
  packBundle,
  shippedBundle,
  unpackBundle,
  withEntry,
} from './test-support/pack-bundle.js';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function unpack(name: string, entries: readonly PackedEntry[]): string {
  const directory = join(folder, name);
  mkdirSync(directory);
  for (const { header, data = '' } of entries) {
    const path = join(directory, header.name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, data);
  }
  return directory;
}

let shipped: readonly PackedEntry[];
beforeAll(async () => {
  shipped = await unpackBundle(shippedBundle);
});

const grants = 'ids:\n  spiffe://directory.example/admin:\n    - roles: [admin]\n';
const input = {
  subject: {
    type: 'workload',
    id: 'spiffe://directory.example/admin',
    properties: { trust_domain: 'directory.example', path: ['admin'] },
  },
  action: { properties: { class: 'read', phase: 'call', service: 's' } },
  resource: { type: 'service', properties: {} },
};

describe('loadPolicy', () => {
  it('loads the shipped bundle from a path and from bytes, to the same revision', async () => {
    const byPath = (await loadPolicy({ bundle: shippedBundle })).current();
    const byBytes = (await loadPolicy({ bundle: new Uint8Array(readFileSync(shippedBundle)) })).current();
    expect(byBytes.revision).toBe(byPath.revision);
    expect(byPath.phases).toEqual(['call', 'request']);
    expect(byPath.reads('resource', 'properties')).toBe(true);
    expect(byPath.reads('context', 'time_ms')).toBe(false);
    expect(byPath.reads('subject', 'properties', 'claims')).toBe(false);
    expect(byPath.decide(input)).toEqual({ allow: false, reasons: ['no_grant'], revision: byPath.revision });
  });

  it('merges the grants as part of the revision', async () => {
    const alone = (await loadPolicy({ bundle: shippedBundle })).current();
    const granted = await loadPolicy({ bundle: shippedBundle, data: write('a.yaml', grants) });
    expect(granted.current().decide(input)).toMatchObject({ allow: true, reasons: ['role_admin'] });
    expect(granted.current()).toBe(granted.current());
    expect(granted.current().revision).not.toBe(alone.revision);
    const again = await loadPolicy({ bundle: shippedBundle, data: write('b.yaml', grants) });
    expect(again.current().revision).toBe(granted.current().revision);
    granted.onChange(() => {})();
  });

  it('takes grants as JSON', async () => {
    const data = write('grants.json', JSON.stringify({ trust_domains: { 'directory.example': [{ roles: ['reader'] }] } }));
    expect((await loadPolicy({ bundle: shippedBundle, data })).current().decide(input)).toMatchObject({
      allow: true,
      reasons: ['role_reader'],
    });
  });

  it('loads an unpacked bundle, to the same revision', async () => {
    const archived = (await loadPolicy({ bundle: shippedBundle })).current();
    const directory = unpack('unpacked', shipped);
    expect((await loadPolicy({ bundle: directory })).current().revision).toBe(archived.revision);
    symlinkSync(directory, join(folder, 'link'));
    expect((await loadPolicy({ bundle: join(folder, 'link') })).current().revision).toBe(archived.revision);
    writeFileSync(join(directory, 'more.txt'), 'x');
    expect((await loadPolicy({ bundle: directory })).current().revision).not.toBe(archived.revision);
  });

  it('takes the record from the manifest, and the worst case without one', async () => {
    const policy = (await loadPolicy({ bundle: fixtureBundle('echo') })).current();
    expect(policy.reads('context', 'time_ms')).toBe(true);
    expect(policy.phases).toEqual(['call', 'request']);
  });
});

describe('a bundle that cannot be used is refused by name', () => {
  it.each<[string, string, () => Promise<string> | string]>([
    ['no such file', 'bundle_unreadable', () => join(folder, 'absent.tar.gz')],
    ['an empty folder', 'bundle_missing_file', () => unpack('empty', [])],
    ['what is neither file nor folder', 'bundle_unreadable', () => '/dev/null'],
    ['truncated', 'bundle_truncated', () => write('truncated.tar.gz', readFileSync(shippedBundle).subarray(0, 20_000))],
    ['not a gzip', 'bundle_not_gzip', () => write('text.tar.gz', 'hello')],
    [
      'no module',
      'bundle_missing_file',
      async () => write('no-wasm.tar.gz', await packBundle(withEntry(shipped, '/policy.wasm', undefined))),
    ],
    [
      'another module',
      'bundle_digest_mismatch',
      async () => write('other-wasm.tar.gz', await packBundle(withEntry(shipped, '/policy.wasm', await echoWasm()))),
    ],
    [
      'a second module',
      'bundle_bad_archive',
      async () => write('two-wasm.tar.gz', await packBundle(withEntry(shipped, '/a/policy.wasm', 'x'))),
    ],
    [
      'data elsewhere',
      'bundle_bad_archive',
      async () => write('two-data.tar.gz', await packBundle(withEntry(shipped, '/directory/data.json', '{}'))),
    ],
    [
      'data that is no JSON',
      'bundle_bad_json',
      async () => write('data.tar.gz', await packBundle(withEntry(shipped, '/data.json', '{'))),
    ],
    [
      'data that is no object',
      'bundle_bad_json',
      async () => write('data-list.tar.gz', await packBundle(withEntry(shipped, '/data.json', '[]'))),
    ],
    [
      'a manifest that is no JSON',
      'bundle_bad_json',
      async () => write('manifest.tar.gz', await packBundle(withEntry(shipped, '/.manifest', Buffer.from([0xff])))),
    ],
    [
      'a manifest that is no object',
      'bundle_bad_manifest',
      async () => write('manifest-list.tar.gz', await packBundle(withEntry(shipped, '/.manifest', '[]'))),
    ],
    [
      'no WASM',
      'bundle_bad_wasm',
      async () => write('no-module.tar.gz', await packBundle([{ header: { name: 'policy.wasm' }, data: 'x' }])),
    ],
    [
      'an empty module',
      'bundle_bad_wasm',
      async () => write('empty.tar.gz', await packBundle([{ header: { name: 'policy.wasm' }, data: emptyModule }])),
    ],
    ['another entrypoint', 'bundle_missing_entrypoint', () => fixtureBundle('other-entrypoint')],
    ['a missing built-in', 'bundle_unknown_builtin', () => fixtureBundle('foreign-builtin')],
    ['a built-in that backtracks (TP-5)', 'bundle_unknown_builtin', () => fixtureBundle('splitting')],
    ['a built-in that never ends', 'bundle_unknown_builtin', () => fixtureBundle('replacing')],
  ])('%s', async (_, code, make) => {
    const bundle = await make();
    const error = await errorOf(() => loadPolicy({ bundle }));
    expect(error.code).toBe(code);
    expect(error.message.startsWith(`${bundle}: `)).toBe(true);
    expect(error.message).not.toContain('\n');
  });

  it('names the entrypoint and the built-in', async () => {
    expect((await errorOf(() => loadPolicy({ bundle: fixtureBundle('other-entrypoint') }))).message).toContain(
      'directory/authz/decision',
    );
    expect((await errorOf(() => loadPolicy({ bundle: fixtureBundle('foreign-builtin') }))).message).toContain('http.send');
    expect((await errorOf(() => loadPolicy({ bundle: fixtureBundle('splitting') }))).message).toContain('regex.split');
    expect((await errorOf(() => loadPolicy({ bundle: fixtureBundle('replacing') }))).message).toContain('use strings.replace_n');
  });

  it.each([
    [{ ids: { 'spiffe://directory.example/admin': [{ roles: ['admin'] }] } }, undefined],
    [{ ids: { 'spiffe://directory.example/admin': [{ roles: ['admin'], names: false }] } }, 'bundle_bad_json'],
    [{ ids: { 'spiffe://directory.example/admin': [{ roles: ['admin'], name: ['a'] }] } }, 'bundle_bad_json'],
    [[], 'bundle_bad_json'],
  ])('checks the grants that a bundle brings: %j', async (own, code) => {
    const bundle = await packBundle(withEntry(shipped, '/data.json', JSON.stringify({ directory: { grants: own } })));
    if (code === undefined) expect((await loadPolicy({ bundle })).current().decide(input).allow).toBe(true);
    else expect(await errorOf(() => loadPolicy({ bundle }))).toMatchObject({ code });
  });

  it('refuses grants in both places', async () => {
    const bundle = await packBundle(withEntry(shipped, '/data.json', JSON.stringify({ directory: { grants: {} } })));
    expect((await loadPolicy({ bundle })).current().decide(input).allow).toBe(false);
    expect((await errorOf(() => loadPolicy({ bundle, data: write('both.yaml', grants) }))).code).toBe('bundle_bad_json');
  });
});

describe('the probes of a bundle', () => {
  interface Manifest {
    readonly metadata: { readonly dirgate: { readonly probes: { readonly grants: object; readonly cases: readonly Case[] } } };
  }
  type Case = Readonly<Record<'note' | 'input' | 'allow' | 'reasons', unknown>>;

  async function probed(change: (probes: { grants?: object; cases: Case[] }) => object): Promise<Buffer> {
    const entry = shipped.find(({ header }) => header.name === '/.manifest');
    const manifest = JSON.parse(Buffer.from(entry?.data ?? '').toString()) as Manifest;
    const { dirgate } = manifest.metadata;
    const probes = change(structuredClone(dirgate.probes) as { grants: object; cases: Case[] });
    const changed = { ...manifest, metadata: { dirgate: { ...dirgate, probes } } };
    return packBundle(withEntry(shipped, '/.manifest', JSON.stringify(changed)));
  }

  it('are decided with grants of their own, and leave none behind', async () => {
    const policy = (await loadPolicy({ bundle: await probed((probes) => probes) })).current();
    const [allowed] = JSON.parse(readFileSync(join(dirname(shippedBundle), '../probes.json'), 'utf8')).cases;
    expect(allowed).toMatchObject({ allow: true });
    expect(policy.decide(allowed.input)).toMatchObject({ allow: false, reasons: ['no_grant'] });
  });

  it.each<[string, (probes: { grants?: object; cases: Case[] }) => object]>([
    [
      'one that should allow denies',
      ({ cases, ...rest }) => ({ ...rest, cases: cases.map((probe) => ({ ...probe, allow: true })) }),
    ],
    ['one has other reasons', ({ cases, ...rest }) => ({ ...rest, cases: cases.map((probe) => ({ ...probe, reasons: ['x'] })) })],
    ['the grants are not those', ({ cases }) => ({ grants: {}, cases })],
    ['there are no grants', ({ cases }) => ({ cases })],
  ])('refuse the bundle when %s', async (_, change) => {
    // A case of each kind must remain, or the record is refused for that.
    const bundle = await probed((probes) => {
      const { cases, ...rest } = change(probes) as { readonly cases: readonly Case[] };
      return { ...rest, cases: [...cases, { note: 'deny', input: {}, allow: false }] };
    });
    const error = await errorOf(() => loadPolicy({ bundle }));
    expect(error.code).toBe('bundle_probe_failed');
    expect(error.message).toMatch(/its probe "call: /);
  });
});

const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

async function echoWasm(): Promise<Uint8Array> {
  const entry = (await unpackBundle(fixtureBundle('echo'))).find(({ header }) => header.name === '/policy.wasm');
  return Buffer.from(entry?.data ?? '');
}
