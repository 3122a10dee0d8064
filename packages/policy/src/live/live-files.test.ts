import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PackedEntry, packBundle, withEntry } from '../test-support/pack-bundle.js';
import { allows, grantsFor, replace, usePolicyFolder } from '../test-support/policy-folder.js';

const folder = usePolicyFolder();

describe('a policy of files', () => {
  it('follows its grants, and tells after the change is visible', async () => {
    const policy = await folder.open();
    const first = policy.current();
    const seen: unknown[] = [];
    policy.onChange(() => seen.push(policy.current()));
    expect([allows(first, 'one'), allows(first, 'two')]).toEqual([true, false]);

    replace(folder.data, grantsFor('two'));
    await policy.refresh();
    const second = policy.current();
    expect(seen).toEqual([second]);
    expect([allows(second, 'one'), allows(second, 'two')]).toEqual([false, true]);
    // Who holds on to the old one goes on with it.
    expect([allows(first, 'one'), allows(first, 'two')]).toEqual([true, false]);
    expect(first?.decide({}).revision).toBe(first?.revision);
    expect(second?.decide({}).revision).toBe(second?.revision);
  });

  it('keeps the same object while the contents are the same', async () => {
    const policy = await folder.open();
    const first = policy.current();
    let changes = 0;
    policy.onChange(() => {
      changes += 1;
    });
    replace(folder.data, grantsFor('one'));
    replace(folder.bundle, await packBundle(folder.shipped));
    await policy.refresh();
    expect(policy.current()).toBe(first);
    replace(folder.bundle, await folder.marked('x'));
    await policy.refresh();
    expect(policy.current()).not.toBe(first);
    expect(changes).toBe(1);
  });

  it('follows what is swapped below a symbolic link, as Kubernetes does it', async () => {
    const volume = join(folder.path, 'volume');
    const version = async (name: string, subject: string) => {
      mkdirSync(join(volume, name), { recursive: true });
      writeFileSync(join(volume, name, 'grants.yaml'), grantsFor(subject));
      writeFileSync(join(volume, name, 'bundle.tar.gz'), await folder.marked(name));
      symlinkSync(name, join(volume, '..tmp'));
      renameSync(join(volume, '..tmp'), join(volume, '..data'));
    };
    await version('..1', 'one');
    for (const name of ['grants.yaml', 'bundle.tar.gz']) symlinkSync(`..data/${name}`, join(volume, name));
    const policy = await folder.open({
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
    const unpacked = join(folder.path, 'unpacked');
    for (const { header, data: content = '' } of folder.shipped) {
      mkdirSync(dirname(join(unpacked, header.name)), { recursive: true });
      writeFileSync(join(unpacked, header.name), content);
    }
    const policy = await folder.open({ bundle: unpacked });
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
    const policy = await folder.open({ watch: { pollMs: 60_000, settleMs: 1 } });
    replace(folder.data, grantsFor('two'));
    await policy.waitFor(() => allows(policy.current(), 'two') === true);
    writeFileSync(folder.data, grantsFor('three'));
    await policy.waitFor(() => allows(policy.current(), 'three') === true);
    const before = policy.status().revision;
    replace(folder.bundle, await folder.marked('x'));
    await policy.waitFor(() => policy.status().revision !== before);
    rmSync(folder.data);
    await policy.waitFor(() => policy.status().lastError?.code === 'grants_unreadable');
    expect(allows(policy.current(), 'three')).toBe(true);
    writeFileSync(folder.data, grantsFor('four'));
    await policy.waitFor(() => allows(policy.current(), 'four') === true);
  });

  it('sees changes by looking, where no directory tells', async () => {
    const unpacked = join(folder.path, 'deep');
    for (const { header, data: content = '' } of folder.shipped) {
      mkdirSync(dirname(join(unpacked, header.name)), { recursive: true });
      writeFileSync(join(unpacked, header.name), content);
    }
    const policy = await folder.open({ bundle: unpacked, watch: { pollMs: 5, settleMs: 1 } });
    const before = policy.status().revision;
    writeFileSync(join(unpacked, 'directory/authz/note.txt'), 'x');
    await policy.waitFor(() => policy.status().revision !== before);
  });
});

describe('what cannot be used', () => {
  it.each<[string, string, () => void | Promise<void>]>([
    ['half a bundle', 'bundle_truncated', () => truncateSync(folder.bundle, 20_000)],
    ['no bundle', 'bundle_unreadable', () => rmSync(folder.bundle)],
    ['text', 'bundle_not_gzip', () => writeFileSync(folder.bundle, 'x')],
    [
      'a bundle whose probes fail',
      'bundle_probe_failed',
      async () => replace(folder.bundle, await packBundle(withProbes('deny'))),
    ],
    ['half the grants', 'grants_bad_yaml', () => writeFileSync(folder.data, 'ids: {"spiffe://a.exa')],
    ['grants with a misspelt member', 'grants_invalid', () => writeFileSync(folder.data, 'idz: {}')],
    ['no grants', 'grants_unreadable', () => rmSync(folder.data)],
  ])('leaves the old policy in force: %s', async (_, code, spoil) => {
    const reports: string[] = [];
    const note = (message: string) => void reports.push(message);
    const policy = await folder.open({ logger: { info: () => {}, warn: note, error: note } });
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

    replace(folder.bundle, await folder.marked('good'));
    replace(folder.data, grantsFor('two'));
    expect(await policy.refresh()).toMatchObject({ state: 'ready', lastError: undefined });
    expect(allows(policy.current(), 'two')).toBe(true);
  });

  it('does not keep the other part from coming into force', async () => {
    const policy = await folder.open();
    writeFileSync(folder.bundle, 'x');
    replace(folder.data, grantsFor('two'));
    expect((await policy.refresh()).lastError?.code).toBe('bundle_not_gzip');
    expect(allows(policy.current(), 'two')).toBe(true);

    replace(folder.bundle, await packBundle(withProbes('deny')));
    replace(folder.data, grantsFor('three'));
    expect((await policy.refresh()).lastError?.code).toBe('bundle_probe_failed');
    expect(allows(policy.current(), 'three')).toBe(true);

    const before = policy.status().revision;
    replace(folder.bundle, await folder.marked('new'));
    writeFileSync(folder.data, '[');
    expect((await policy.refresh()).lastError?.code).toBe('grants_bad_yaml');
    expect(policy.status().revision).not.toBe(before);
    expect(allows(policy.current(), 'three')).toBe(true);
  });
});

/** The shipped bundle, with one more probe that asks for the opposite of what it decides. */
function withProbes(note: string): readonly PackedEntry[] {
  const entry = folder.shipped.find(({ header }) => header.name === '/.manifest');
  const manifest = JSON.parse(Buffer.from(entry?.data ?? '').toString());
  manifest.metadata.dirgate.probes.cases.push({ note, input: {}, allow: true });
  return withEntry(folder.shipped, '/.manifest', JSON.stringify(manifest));
}
