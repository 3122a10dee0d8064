import { chmod, mkdir, rename, rm, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createSpiffeBundle, marshalSpiffeBundle, parseTrustDomain } from '@dirgate/spiffe';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IdentityFolder, leafOf } from './test-support/identity-folder.js';
import { RecordingLogger } from './test-support/recording-logger.js';

const A = parseTrustDomain('a.example');
const B = parseTrustDomain('b.example');

let world: IdentityFolder;
beforeEach(async () => {
  world = await IdentityFolder.create();
});
afterEach(() => world.remove());

describe('later', () => {
  test('files written one after the other are taken over once they fit', async () => {
    await world.write(world.filesOf(world.issue()));
    const identity = await world.open();
    const before = { serial: leafOf(identity), a: identity.x509Bundle(A), b: identity.x509Bundle(B) };
    const next = world.filesOf(world.issue());
    await world.write({ 'svid.pem': next['svid.pem'] ?? '' });
    await identity.waitFor(() => identity.status().state === 'stale');
    expect(leafOf(identity)).toBe(before.serial);
    expect(identity.status().lastError).toMatchObject({ code: 'file_invalid' });
    await world.write({ 'key.pem': next['key.pem'] ?? '' });
    await identity.waitFor(() => leafOf(identity) !== before.serial);
    expect(identity.status()).toMatchObject({ state: 'ready', lastError: undefined });
    expect(identity.x509Bundle(A)).toBe(before.a);
    expect(identity.x509Bundle(B)).toBe(before.b);
  });

  test('as Kubernetes does: a link to a folder is swapped, and all files change at once', async () => {
    const folder = async (name: string): Promise<void> => {
      await mkdir(join(world.directory, name));
      await world.write(world.filesOf(world.issue()), join(world.directory, name));
      await symlink(name, join(world.directory, '..data_tmp'));
      await rename(join(world.directory, '..data_tmp'), join(world.directory, '..data'));
    };
    await folder('..1');
    for (const name of ['svid.pem', 'key.pem', 'bundle.pem', 'b.pem'])
      await symlink(join('..data', name), join(world.directory, name));
    const identity = await world.open();
    for (let i = 2; i <= 6; i++) {
      const before = leafOf(identity);
      if (i === 4) world.authority.trustDomain('b.example').rotateX509Authority();
      await folder(`..${i}`);
      await rm(join(world.directory, `..${i - 1}`), { recursive: true });
      await identity.waitFor(() => leafOf(identity) !== before);
      expect(identity.x509Bundle(B)?.authorities).toHaveLength(i < 4 ? 1 : 2);
    }
    expect(world.logger.lines).toEqual([]);
  });

  test('a link that leads to bad files and back again: ready, with the very files from before', async () => {
    const swap = async (name: string): Promise<void> => {
      await symlink(name, join(world.directory, '..data_tmp'));
      await rename(join(world.directory, '..data_tmp'), join(world.directory, '..data'));
    };
    await mkdir(join(world.directory, '..good'));
    await mkdir(join(world.directory, '..bad'));
    await world.write(world.filesOf(world.issue()), join(world.directory, '..good'));
    await world.write({ ...world.filesOf(world.issue()), 'key.pem': 'garbage' }, join(world.directory, '..bad'));
    await swap('..good');
    for (const name of ['svid.pem', 'key.pem', 'bundle.pem', 'b.pem'])
      await symlink(join('..data', name), join(world.directory, name));
    const identity = await world.open();
    const before = identity.x509Svid();
    await swap('..bad');
    await identity.waitFor(() => identity.status().state === 'stale');
    await swap('..good');
    await identity.waitFor(() => identity.status().state === 'ready');
    expect(identity.x509Svid()).toBe(before);
  });

  test('a change that no directory tells of is found by looking: a link on the way to them is swapped', async () => {
    const [first, second, current] = ['v1', 'v2', 'current'].map((name) => join(world.directory, name));
    if (!first || !second || !current) throw new Error('three paths');
    for (const folder of [first, second]) {
      await mkdir(folder);
      await world.write(world.filesOf(world.issue()), folder);
    }
    await symlink(first, current);
    const [svid = '', key = '', bundle = ''] = ['svid.pem', 'key.pem', 'bundle.pem'].map((name) => join(current, name));
    const identity = await world.open({ svid, key, bundle, federated: {}, pollMs: 20 });
    const before = leafOf(identity);
    await symlink(second, join(world.directory, 'next'));
    await rename(join(world.directory, 'next'), current);
    await identity.waitFor(() => leafOf(identity) !== before);
  });

  test('a file that is written to where a link leads is found at once', async () => {
    const elsewhere = join(world.directory, 'elsewhere');
    await mkdir(elsewhere);
    await world.write(world.filesOf(world.issue()), elsewhere);
    const links = join(world.directory, 'links');
    await mkdir(links);
    for (const name of ['svid.pem', 'key.pem', 'bundle.pem']) await symlink(join(elsewhere, name), join(links, name));
    const [svid = '', key = '', bundle = ''] = ['svid.pem', 'key.pem', 'bundle.pem'].map((name) => join(links, name));
    const identity = await world.open({ svid, key, bundle, federated: {} });
    const before = leafOf(identity);
    await world.write(world.filesOf(world.issue()), elsewhere);
    await identity.waitFor(() => leafOf(identity) !== before);
  });

  test('a bad reload keeps what was there and is reported once; then the next good one counts', async () => {
    await world.write(world.filesOf(world.issue()));
    const identity = await world.open({ pollMs: 20 });
    const before = leafOf(identity);
    for (const change of [
      () => world.write({ 'svid.pem': 'garbage' }),
      () => unlink(join(world.directory, 'svid.pem')),
      () => world.write(world.filesOf(world.issue())).then(() => chmod(join(world.directory, 'key.pem'), 0o644)),
      () => world.write({ 'bundle.pem': 'garbage' }),
    ]) {
      await world.write(world.filesOf(world.issue()));
      await chmod(join(world.directory, 'key.pem'), 0o600);
      await identity.waitFor(() => identity.status().state === 'ready');
      const serial = leafOf(identity);
      world.logger.lines.length = 0;
      await change();
      await identity.waitFor(() => identity.status().state === 'stale');
      await expect.poll(() => world.logger.lines.at(-1), { timeout: 15_000 }).toContain('the identity stays as it was');
      expect([serial, leafOf(identity)].every(Boolean)).toBe(true);
    }
    await world.write(world.filesOf(world.issue()));
    await chmod(join(world.directory, 'key.pem'), 0o600);
    await identity.waitFor(() => identity.status().state === 'ready' && leafOf(identity) !== before);
  });

  describe('trust that was taken away is gone, whatever becomes of our SVID (X-24, TW-7)', () => {
    test('an authority of ours and a partner at once, before our SVID was replaced', async () => {
      const old = world.filesOf(world.issue());
      world.authority.trustDomain('a.example').rotateX509Authority();
      await world.write({ ...old, 'bundle.pem': world.filesOf(world.issue())['bundle.pem'] ?? '' });
      const identity = await world.open();
      const before = identity.x509Svid();
      expect([identity.x509Bundle(A)?.authorities.length, identity.x509Bundle(B) !== undefined]).toEqual([2, true]);
      world.authority.trustDomain('a.example').retireX509Authorities();
      const next = world.filesOf(world.issue());
      await unlink(join(world.directory, 'b.pem'));
      await world.write({ 'bundle.pem': next['bundle.pem'] ?? '' });
      await identity.waitFor(() => identity.x509Bundle(A)?.authorities.length === 1 && identity.x509Bundle(B) === undefined);
      expect(identity.x509Svid()).toBe(before);
      await identity.waitFor(() => identity.status().state === 'stale');
      await world.logger.reported('it takes effect, and the SVID stays as it was');
      expect(world.logger.has('b.pem cannot be read: ENOENT; spiffe://b.example is not trusted')).toBe(true);
      await world.write(next);
      await identity.waitFor(() => identity.status().state === 'ready' && identity.x509Bundle(B) !== undefined);
      expect(identity.x509Svid()).not.toBe(before);
      expect(identity.x509Bundle(A)?.authorities).toHaveLength(1);
      expect(world.logger.lines.filter((line) => line.includes('it takes effect'))).toHaveLength(1);
    });

    test.each<[string, string]>([
      ['key.pem', 'it is not one unencrypted private key'],
      ['svid.pem', 'it is not a list of PEM certificates'],
      ['bundle.pem', 'x509_bundle'],
    ])('a partner whose bundle is gone while %s is garbage', async (name, problem) => {
      await world.write(world.filesOf(world.issue()));
      const identity = await world.open();
      const before = { svid: identity.x509Svid(), a: identity.x509Bundle(A) };
      await world.write({ [name]: 'garbage', 'b.pem': 'garbage' });
      await identity.waitFor(() => identity.x509Bundle(B) === undefined && identity.status().state === 'stale');
      expect([identity.x509Svid() === before.svid, identity.x509Bundle(A) === before.a]).toEqual([true, true]);
      expect(identity.status().lastError?.message).toContain(problem);
      await world.logger.reported('the identity stays as it was');
      expect(world.logger.has('b.pem: the bundle of spiffe://b.example cannot be read')).toBe(true);
      await world.write(world.filesOf(world.issue()));
      await identity.waitFor(() => identity.status().state === 'ready' && identity.x509Bundle(B) !== undefined);
    });
  });

  test('garbage in one federated bundle costs that trust domain alone, with our own rotation beside it (TW-7)', async () => {
    await world.write(world.filesOf(world.issue()));
    const identity = await world.open();
    const before = { serial: leafOf(identity), a: identity.x509Bundle(A) };
    await world.write({ ...world.filesOf(world.issue()), 'b.pem': 'garbage' });
    await identity.waitFor(() => leafOf(identity) !== before.serial && identity.x509Bundle(B) === undefined);
    expect(identity.x509Bundle(A)).toBe(before.a);
    expect(world.logger.has('b.pem: the bundle of spiffe://b.example cannot be read')).toBe(true);
    await world.write(world.filesOf(world.issue()));
    await identity.waitFor(() => identity.x509Bundle(B) !== undefined);
    await unlink(join(world.directory, 'b.pem'));
    await identity.waitFor(() => identity.x509Bundle(B) === undefined);
    expect(identity.status().state).toBe('ready');
  });

  test.each([
    ['a key', 'key.pem', 'PRIVATE KEY'],
    ['an SVID', 'svid.pem', 'CERTIFICATE'],
  ])('%s of eight million characters does not keep a partner trusted (TW-7)', async (_name, file, label) => {
    await world.write(world.filesOf(world.issue()));
    const identity = await world.open();
    const before = leafOf(identity);
    const monster = `-----BEGIN ${label}-----\n${'YWJj'.repeat(2_000_000)}\n-----END ${label}-----\n`;
    await world.write({ [file]: monster });
    await unlink(join(world.directory, 'b.pem'));
    await identity.waitFor(() => identity.x509Bundle(B) === undefined);
    expect(identity.status()).toMatchObject({ state: 'stale', lastError: { code: 'file_invalid' } });
    expect(leafOf(identity)).toBe(before);
  });

  test('files that nobody renews: the SVID ends with its time', async () => {
    let now = Date.now();
    await world.write(world.filesOf(world.issue()));
    const identity = await world.open({ clock: () => now });
    let told = 0;
    identity.onExpired(() => told++);
    now = (identity.x509Svid()?.validUntil ?? 0) + 1;
    await identity.waitFor(() => told === 1);
    expect(identity.x509Svid()).toBeUndefined();
    expect(identity.status().state).toBe('expired');
  });

  test('an SVID that is not valid yet is taken over when its time comes, though no file changes then', async () => {
    let now = Date.now();
    await world.write(world.filesOf(world.issue()));
    const identity = await world.open({ clock: () => now, pollMs: 20 });
    const before = leafOf(identity);
    now -= 600_000;
    await world.write(world.filesOf(world.issue()));
    // Until all were written, they did not even fit each other.
    await identity.waitFor(() => identity.status().lastError?.message.includes('not_yet_valid') === true);
    expect(identity.status()).toMatchObject({ state: 'stale', lastError: { code: 'file_invalid' } });
    now += 600_000;
    await identity.waitFor(() => identity.status().state === 'ready');
    expect(leafOf(identity)).not.toBe(before);
  });

  test('a file that is written anew with the same content tells nobody', async () => {
    const files = world.filesOf(world.issue());
    await world.write(files);
    const identity = await world.open();
    let told = 0;
    identity.onChange(() => told++);
    await world.write(files);
    world.authority.trustDomain('b.example').rotateX509Authority();
    const before = identity.x509Bundle(B);
    await world.write({ 'b.pem': world.authority.trustDomain('b.example').x509BundlePem() });
    await identity.waitFor(() => identity.x509Bundle(B) !== before);
    expect(told).toBe(1);
  });

  test('closed by a listener in the middle of a change: all is gone all the same', async () => {
    const jwtToo = async (): Promise<void> => {
      const partner = world.authority.trustDomain('b.example');
      const document = createSpiffeBundle(B, { x509Bundle: partner.x509Bundle(), jwtBundle: partner.jwtBundle() });
      await world.write({ ...world.filesOf(world.issue()), 'b.pem': String(marshalSpiffeBundle(document)) });
    };
    await jwtToo();
    const identity = await world.open();
    expect([identity.x509Svid(), identity.x509Bundle(A), identity.jwtBundle(B)]).not.toContain(undefined);
    const closed = new Promise<void>((resolve) => identity.onChange(() => void identity.close().then(resolve)));
    await jwtToo();
    await closed;
    expect([identity.x509Svid(), identity.x509Bundle(A), identity.jwtBundle(B)]).toEqual([undefined, undefined, undefined]);
  });

  test('closed: all is gone, and nothing is read any more', async () => {
    await world.write(world.filesOf(world.issue()));
    const identity = await world.open();
    await identity.close();
    await identity.close();
    expect(identity.x509Svid()).toBeUndefined();
    expect(identity.x509Bundle(A)).toBeUndefined();
    const closed = identity.status();
    expect(closed).toMatchObject({ state: 'withdrawn', lastError: { code: 'closed' } });
    // Another one that watches the same files shows that there was something to see.
    const other = await world.open({ logger: new RecordingLogger() });
    const before = leafOf(other);
    await world.write({ ...world.filesOf(world.issue()), 'b.pem': 'garbage' });
    await other.waitFor(() => leafOf(other) !== before);
    expect([identity.status(), world.logger.lines]).toEqual([closed, []]);
  });
});
