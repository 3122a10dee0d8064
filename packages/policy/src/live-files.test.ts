import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LoadPolicyOptions } from './load-options.js';
import { loadPolicy } from './load-policy.js';
import type { Policy } from './policy.js';
import type { LivePolicy } from './policy-source.js';
import { errorOf } from './test-support/error-of.js';
import { type PackedEntry, packBundle, shippedBundle, unpackBundle, withEntry } from './test-support/pack-bundle.js';

const input = (name: string) => ({
  subject: { type: 'workload', id: `spiffe://a.example/${name}`, properties: { trust_domain: 'a.example', path: [name] } },
  action: { properties: { class: 'read', phase: 'call', service: 's' } },
  resource: { type: 'service', properties: {} },
});
const grantsFor = (name: string) => `ids:\n  spiffe://a.example/${name}:\n    - roles: [admin]\n`;

let shipped: readonly PackedEntry[];
let folder: string;
let bundle: string;
let data: string;
let live: LivePolicy<Policy | undefined> | undefined;

beforeAll(async () => {
  shipped = await unpackBundle(shippedBundle);
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dirgate-live-'));
  bundle = join(folder, 'bundle.tar.gz');
  data = join(folder, 'grants.yaml');
  writeFileSync(bundle, await packBundle(shipped));
  writeFileSync(data, grantsFor('one'));
});
afterEach(async () => {
  await live?.close();
  live = undefined;
  rmSync(folder, { recursive: true });
});

/** Nothing but `refresh()` looks, unless a test says otherwise. */
async function open(options: Partial<LoadPolicyOptions> = {}): Promise<LivePolicy<Policy | undefined>> {
  live = await loadPolicy({ bundle, data, watch: false, ...options } as LoadPolicyOptions);
  return live;
}

function replace(path: string, content: string | Uint8Array): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

const marked = (mark: string) => packBundle(withEntry(shipped, '/mark.txt', mark));
const allows = (policy: Policy | undefined, name: string) => policy?.decide(input(name)).allow;

describe('a policy of files', () => {
  it('follows its grants, and tells after the change is visible', async () => {
    const policy = await open();
    const first = policy.current();
    const seen: unknown[] = [];
    policy.onChange(() => seen.push(policy.current()));
    expect([allows(first, 'one'), allows(first, 'two')]).toEqual([true, false]);

    replace(data, grantsFor('two'));
    await policy.refresh();
    const second = policy.current();
    expect(seen).toEqual([second]);
    expect([allows(second, 'one'), allows(second, 'two')]).toEqual([false, true]);
    // Who holds on to the old one goes on with it.
    expect([allows(first, 'one'), allows(first, 'two')]).toEqual([true, false]);
    expect(first?.decide(input('one')).revision).toBe(first?.revision);
    expect(second?.decide(input('one')).revision).toBe(second?.revision);
  });

  it('keeps the same object while the contents are the same', async () => {
    const policy = await open();
    const first = policy.current();
    let changes = 0;
    policy.onChange(() => {
      changes += 1;
    });
    replace(data, grantsFor('one'));
    replace(bundle, await packBundle(shipped));
    await policy.refresh();
    expect(policy.current()).toBe(first);
    replace(bundle, await marked('x'));
    await policy.refresh();
    expect(policy.current()).not.toBe(first);
    expect(changes).toBe(1);
  });

  it('follows what is swapped below a symbolic link, as Kubernetes does it', async () => {
    const volume = join(folder, 'volume');
    const version = async (name: string, subject: string) => {
      mkdirSync(join(volume, name), { recursive: true });
      writeFileSync(join(volume, name, 'grants.yaml'), grantsFor(subject));
      writeFileSync(join(volume, name, 'bundle.tar.gz'), await marked(name));
      symlinkSync(name, join(volume, '..tmp'));
      renameSync(join(volume, '..tmp'), join(volume, '..data'));
    };
    await version('..1', 'one');
    for (const name of ['grants.yaml', 'bundle.tar.gz']) symlinkSync(`..data/${name}`, join(volume, name));
    const policy = await open({
      bundle: join(volume, 'bundle.tar.gz'),
      data: join(volume, 'grants.yaml'),
      watch: { pollMs: 60_000, settleMs: 1 },
    });
    expect(allows(policy.current(), 'two')).toBe(false);
    const before = policy.status();
    await version('..2', 'two');
    await policy.waitFor(() => policy.status().revision !== before.revision && allows(policy.current(), 'two') === true);
    rmSync(join(volume, '..1'), { recursive: true });
    expect((await policy.refresh()).state).toBe('ready');
  });

  it('follows a directory, at any depth', async () => {
    const unpacked = join(folder, 'unpacked');
    for (const { header, data: content = '' } of shipped) {
      mkdirSync(dirname(join(unpacked, header.name)), { recursive: true });
      writeFileSync(join(unpacked, header.name), content);
    }
    const policy = await open({ bundle: unpacked });
    const first = policy.current()?.revision;
    writeFileSync(join(unpacked, 'directory/authz/note.txt'), 'x');
    await policy.refresh();
    const second = policy.current()?.revision;
    expect(second).not.toBe(first);
    symlinkSync('note.txt', join(unpacked, 'directory/authz/link'));
    expect((await policy.refresh()).lastError?.code).toBe('bundle_unsafe_entry');
    expect(policy.current()?.revision).toBe(second);
  });

  it('sees changes by itself: replaced files, and files that are written in place', async () => {
    const policy = await open({ watch: { pollMs: 60_000, settleMs: 1 } });
    replace(data, grantsFor('two'));
    await policy.waitFor(() => allows(policy.current(), 'two') === true);
    writeFileSync(data, grantsFor('three'));
    await policy.waitFor(() => allows(policy.current(), 'three') === true);
    const before = policy.status().revision;
    replace(bundle, await marked('x'));
    await policy.waitFor(() => policy.status().revision !== before);
    rmSync(data);
    await policy.waitFor(() => policy.status().lastError?.code === 'grants_unreadable');
    expect(allows(policy.current(), 'three')).toBe(true);
    writeFileSync(data, grantsFor('four'));
    await policy.waitFor(() => allows(policy.current(), 'four') === true);
  });

  it('sees changes by looking, where no directory tells', async () => {
    const unpacked = join(folder, 'deep');
    for (const { header, data: content = '' } of shipped) {
      mkdirSync(dirname(join(unpacked, header.name)), { recursive: true });
      writeFileSync(join(unpacked, header.name), content);
    }
    const policy = await open({ bundle: unpacked, watch: { pollMs: 5, settleMs: 1 } });
    const before = policy.status().revision;
    writeFileSync(join(unpacked, 'directory/authz/note.txt'), 'x');
    await policy.waitFor(() => policy.status().revision !== before);
  });
});

describe('what cannot be used', () => {
  it.each<[string, string, () => void | Promise<void>]>([
    ['half a bundle', 'bundle_truncated', () => truncateSync(bundle, 20_000)],
    ['no bundle', 'bundle_unreadable', () => rmSync(bundle)],
    ['text', 'bundle_not_gzip', () => writeFileSync(bundle, 'x')],
    ['a bundle whose probes fail', 'bundle_probe_failed', async () => replace(bundle, await packBundle(withProbes('deny')))],
    ['half the grants', 'grants_bad_yaml', () => writeFileSync(data, 'ids: {"spiffe://a.exa')],
    ['grants with a misspelt member', 'grants_invalid', () => writeFileSync(data, 'idz: {}')],
    ['no grants', 'grants_unreadable', () => rmSync(data)],
  ])('leaves the old policy in force: %s', async (_, code, spoil) => {
    const reports: string[] = [];
    const note = (message: string) => void reports.push(message);
    const policy = await open({ logger: { info: () => {}, warn: note, error: note } });
    const first = policy.current();
    const { activatedAt } = policy.status();
    let changes = 0;
    policy.onChange(() => {
      changes += 1;
    });
    await spoil();
    const status = await policy.refresh();
    await policy.refresh();
    expect(status).toMatchObject({ state: 'stale', revision: first?.revision, activatedAt });
    expect(status.lastError?.code).toBe(code);
    expect(policy.current()).toBe(first);
    expect(allows(policy.current(), 'one')).toBe(true);
    expect(changes).toBe(0);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain('stays in force');

    replace(bundle, await marked('good'));
    replace(data, grantsFor('two'));
    expect(await policy.refresh()).toMatchObject({ state: 'ready', lastError: undefined });
    expect(allows(policy.current(), 'two')).toBe(true);
  });

  it('does not keep the other part from coming into force', async () => {
    const policy = await open();
    writeFileSync(bundle, 'x');
    replace(data, grantsFor('two'));
    expect((await policy.refresh()).lastError?.code).toBe('bundle_not_gzip');
    expect(allows(policy.current(), 'two')).toBe(true);

    replace(bundle, await packBundle(withProbes('deny')));
    replace(data, grantsFor('three'));
    expect((await policy.refresh()).lastError?.code).toBe('bundle_probe_failed');
    expect(allows(policy.current(), 'three')).toBe(true);

    const before = policy.status().revision;
    replace(bundle, await marked('new'));
    writeFileSync(data, '[');
    expect((await policy.refresh()).lastError?.code).toBe('grants_bad_yaml');
    expect(policy.status().revision).not.toBe(before);
    expect(allows(policy.current(), 'three')).toBe(true);
  });
});

describe('starting', () => {
  it('fails without a policy, or begins without one where that was asked for', async () => {
    rmSync(bundle);
    expect((await errorOf(() => open())).code).toBe('bundle_unreadable');
    const policy = await open({ startEmpty: true });
    expect(policy.current()).toBe(undefined);
    expect(policy.status()).toMatchObject({
      state: 'waiting',
      revision: undefined,
      activatedAt: undefined,
      checkedAt: undefined,
    });
    let changes = 0;
    policy.onChange(() => {
      changes += 1;
    });
    replace(bundle, await packBundle(shipped));
    expect(await policy.refresh()).toMatchObject({ state: 'ready', lastError: undefined });
    expect([allows(policy.current(), 'one'), changes]).toEqual([true, 1]);
  });

  it('takes both parts or none', async () => {
    rmSync(data);
    const policy = await open({ startEmpty: true });
    expect(policy.current()).toBe(undefined);
    expect(policy.status().lastError?.code).toBe('grants_unreadable');
    replace(data, grantsFor('one'));
    expect((await policy.refresh()).state).toBe('ready');
  });

  it('can be aborted', async () => {
    const reason = AbortSignal.abort();
    expect((await errorOf(() => open({ signal: reason, startEmpty: true }))).code).toBe('aborted');
  });
});

describe('the age of a policy', () => {
  it('ends it when nothing was found up to date for too long, and a check that works brings it back', async () => {
    let now = 1_000_000;
    const policy = await open({ maxAgeMs: 60_000, clock: () => now });
    const first = policy.current();
    const seen: unknown[] = [];
    policy.onChange(() => seen.push(policy.current()));
    now += 60_000;
    expect(policy.current()).toBe(first);
    writeFileSync(bundle, 'x');
    expect((await policy.refresh()).state).toBe('stale');
    now += 1;
    expect(policy.current()).toBe(undefined);
    expect(policy.status()).toMatchObject({ state: 'expired', checkedAt: 1_000_000, lastCheckedAt: 1_060_000 });
    expect((await policy.refresh()).state).toBe('expired');
    expect(seen).toEqual([undefined]);

    replace(bundle, await packBundle(shipped));
    expect((await policy.refresh()).state).toBe('ready');
    expect(policy.current()).toBe(first);
    expect(seen).toEqual([undefined, first]);
  });

  it('is that of the older part', async () => {
    let now = 1_000_000;
    const policy = await open({ maxAgeMs: 60_000, clock: () => now });
    rmSync(data);
    now += 60_000;
    await policy.refresh();
    expect(policy.current()).toBeDefined();
    now += 1;
    expect(policy.current()).toBe(undefined);
  });

  it('ends it though nobody asks', async () => {
    let now = 1_000_000;
    const policy = await open({ maxAgeMs: 1, clock: () => now });
    const ended = new Promise<void>((resolve) => policy.onChange(resolve));
    now += 2;
    await ended;
    expect(policy.current()).toBe(undefined);
  });
});

describe('closing', () => {
  it('keeps what is in force, and looks at nothing any more', async () => {
    const policy = await open({ watch: { pollMs: 1, settleMs: 0 } });
    const first = policy.current();
    const waiting = policy.waitFor(() => false);
    await policy.close();
    expect((await errorOf(() => waiting)).code).toBe('closed');
    replace(data, grantsFor('two'));
    expect((await policy.refresh()).state).toBe('closed');
    expect(policy.current()).toBe(first);
    await policy[Symbol.asyncDispose]();
  });
});

describe('waiting', () => {
  it('ends in time, when aborted, and with what the predicate throws', async () => {
    const policy = await open();
    await policy.waitFor(() => true);
    expect((await errorOf(() => policy.waitFor(() => false, { timeoutMs: 1 }))).code).toBe('timeout');
    expect((await errorOf(() => policy.waitFor(() => false, { signal: AbortSignal.abort() }))).code).toBe('aborted');
    expect((await errorOf(() => policy.waitFor(() => false, { timeoutMs: -1 }))).code).toBe('option_invalid');
    const thrown = new Error('x');
    await expect(
      policy.waitFor(() => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
  });

  it('is not hindered by a listener that throws', async () => {
    const reports: string[] = [];
    const logger = { info: () => {}, warn: () => {}, error: (message: string) => void reports.push(message) };
    const policy = await open({ logger });
    policy.onChange(() => {
      throw new Error('mine');
    });
    const changed = new Promise<void>((resolve) => policy.onChange(resolve));
    replace(data, grantsFor('two'));
    await policy.refresh();
    await changed;
    expect(reports).toEqual(['a listener threw: mine']);
  });
});

describe('a logger', () => {
  it('that throws hinders nothing', async () => {
    const throwing = () => {
      throw new Error('mine');
    };
    const policy = await open({ logger: { info: throwing, warn: throwing, error: throwing } });
    writeFileSync(bundle, 'x');
    replace(data, grantsFor('two'));
    expect((await policy.refresh()).state).toBe('stale');
    expect(allows(policy.current(), 'two')).toBe(true);
  });
});

describe('options', () => {
  it.each<[string, object]>([
    ['no bundle', { bundle: undefined }],
    ['an empty path', { bundle: '' }],
    ['an empty path of grants', { data: '' }],
    ['a wait that is none', { watch: { pollMs: 0 } }],
    ['a wait that is too long', { watch: { settleMs: 2 ** 31 } }],
    ['an age that is none', { maxAgeMs: 0 }],
    ['an age that is shorter than checks are apart', { watch: { pollMs: 1_000 }, maxAgeMs: 1_000 }],
    ['an age of bytes', { bundle: new Uint8Array(), data: undefined, maxAgeMs: 1_000 }],
  ])('are refused: %s', async (_, options) => {
    expect((await errorOf(() => open(options))).code).toBe('option_invalid');
  });
});

/** The shipped bundle, with one more probe that asks for the opposite of what it decides. */
function withProbes(note: string): readonly PackedEntry[] {
  const entry = shipped.find(({ header }) => header.name === '/.manifest');
  const manifest = JSON.parse(Buffer.from(entry?.data ?? '').toString());
  manifest.metadata.dirgate.probes.cases.push({ note, input: {}, allow: true });
  return withEntry(shipped, '/.manifest', JSON.stringify(manifest));
}
