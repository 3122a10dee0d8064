import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy } from '../load-policy.js';
import type { LivePolicy } from '../policy-source.js';
import { type HostileBundle, hostileBundles } from '../test-support/hostile-bundles.js';
import { type PackedEntry, packBundle, shippedBundle, unpackBundle, withEntry } from '../test-support/pack-bundle.js';
import { type SigningKey, signEntries, signingKey, withSignatures } from '../test-support/sign-bundle.js';

const input = {
  subject: { type: 'workload', id: 'spiffe://a.example/x', properties: { trust_domain: 'a.example', path: ['x'] } },
  action: { properties: { class: 'read', phase: 'call', service: 's' } },
  resource: { type: 'service', properties: {} },
};

const folder = mkdtempSync(join(tmpdir(), 'dirgate-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

function replace(path: string, bytes: Uint8Array): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}

/** What there is where an entry that escapes would land. */
const surroundings = () =>
  [folder, tmpdir(), process.cwd(), '/'].map((path) => readdirSync(path).filter((name) => /escaped/.test(name)));

/** What went otherwise than it should while each took the place of the good one. */
async function refuseAll(live: LivePolicy, path: string, good: Uint8Array, hostile: readonly HostileBundle[]): Promise<string[]> {
  const first = live.current();
  const files = readdirSync(folder).sort();
  const wrong: string[] = [];
  for (const [name, code, bytes] of hostile) {
    replace(path, bytes);
    const { state, lastError, revision } = await live.refresh();
    const { allow } = live.current().decide(input);
    if (lastError?.code !== code) wrong.push(`${name}: ${lastError?.code ?? 'taken'} instead of ${code}`);
    if (state !== 'stale' || revision !== first.revision || live.current() !== first || !allow)
      wrong.push(`${name}: replaced it`);
    if (!lastError?.message.startsWith(path) || lastError.message.includes('\n')) wrong.push(`${name}: ${lastError?.message}`);
  }
  replace(path, good);
  if ((await live.refresh()).state !== 'ready' || live.current() !== first) wrong.push('the good one did not return');
  expect(readdirSync(folder).sort()).toEqual(files);
  expect(surroundings()).toEqual([[], [], [], []]);
  return wrong;
}

describe('a hostile bundle in the place of a good one', () => {
  let shipped: readonly PackedEntry[];
  beforeAll(async () => {
    shipped = await unpackBundle(shippedBundle);
  });

  const seen = new Set<string>();
  it.each([...hostileBundles.keys()])('is refused, each for its reason, and the good one stays in force: %s', async (group) => {
    const hostile = (await hostileBundles.get(group)?.(shipped)) ?? [];
    for (const [name] of hostile) seen.add(`${group}: ${name}`);
    const path = join(folder, 'bundle.tar.gz');
    const data = join(folder, 'grants.yaml');
    const good = await packBundle(shipped);
    replace(path, good);
    writeFileSync(data, 'ids: {"spiffe://a.example/x": [{roles: [admin]}]}');
    const live = await loadPolicy({ bundle: path, data, watch: { pollMs: 60_000, settleMs: 0 } });
    expect(await refuseAll(live, path, good, hostile)).toEqual([]);
    await live.close();
  });

  it('comes in more than forty ways', () => {
    expect(seen.size).toBeGreaterThan(60);
  });

  it('is refused for its signature, though all else in it is good', async () => {
    const key = signingKey();
    const granted = withGrants(shipped);
    const at = async (revision: string, entries = granted, by: SigningKey = key) =>
      signEntries(withRevision(entries, revision), by);
    const signed = await at('10');
    const stranger = signingKey();
    const path = join(folder, 'signed.tar.gz');
    const good = await packBundle(signed);
    replace(path, good);
    const verification = { keys: [key.trusted], refuseOlder: true };
    const live = await loadPolicy({ bundle: path, watch: { pollMs: 60_000, settleMs: 0 }, verification });
    const cases: readonly [string, string, readonly PackedEntry[]][] = [
      ['without its signature', 'bundle_unsigned', withEntry(signed, '/.signatures.json', undefined)],
      ['without a token', 'bundle_bad_signature', withSignatures(signed, [])],
      [
        'by a stranger',
        'bundle_bad_signature',
        await at('11', granted, { ...stranger, trusted: { ...stranger.trusted, id: 'k1' } }),
      ],
      ['with a file more', 'bundle_unlisted_file', withEntry(signed, '/more.rego', 'package more')],
      ['with a file less', 'bundle_missing_file', withEntry(signed, '/directory/authz/roles.rego', undefined)],
      ['with other data', 'bundle_changed_file', withEntry(signed, '/data.json', '{"directory":{"grants":{}}}')],
      ['with another module', 'bundle_changed_file', withEntry(signed, '/policy.wasm', 'x')],
      ['of an older revision', 'bundle_older', await at('9')],
      ['of a revision without an order', 'bundle_older', await at('v11')],
      ['without a revision', 'bundle_older', await at('')],
      ['of the same revision with other contents', 'bundle_older', await at('10', withEntry(granted, '/note.txt', 'x'))],
    ];
    const hostile = cases.map(async ([name, code, entries]): Promise<HostileBundle> => [name, code, await packBundle(entries)]);
    expect(await refuseAll(live, path, good, await Promise.all(hostile))).toEqual([]);

    const first = live.current();
    replace(path, await packBundle(await at('11')));
    expect(await live.refresh()).toMatchObject({ state: 'ready', bundleRevision: '11' });
    expect(live.current()).not.toBe(first);
    replace(path, good);
    expect((await live.refresh()).lastError?.code).toBe('bundle_older');
    await live.close();
  });
});

function withRevision(entries: readonly PackedEntry[], revision: string): readonly PackedEntry[] {
  const manifest = entries.find(({ header }) => header.name === '/.manifest');
  const parsed = JSON.parse(Buffer.from(manifest?.data ?? '').toString()) as object;
  return withEntry(entries, '/.manifest', JSON.stringify({ ...parsed, revision }));
}

function withGrants(entries: readonly PackedEntry[]): readonly PackedEntry[] {
  const data = { directory: { grants: { ids: { 'spiffe://a.example/x': [{ roles: ['admin'] }] } } } };
  return withEntry(entries, '/data.json', JSON.stringify(data));
}
