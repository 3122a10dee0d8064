import { createPrivateKey } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSpiffeBundle, marshalSpiffeBundle, parseTrustDomain, verifyX509Svid } from '@dirgate/spiffe';
import { type FileIdentity, type FileIdentityOptions, fileIdentity } from '@dirgate/workload-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createIdentityAuthority, type IdentityAuthority } from './identity-authority.js';
import { RecordingLogger } from './test-support/recording-logger.js';
import type { X509SvidMaterial } from './x509-svid-material.js';

const A = parseTrustDomain('a.example');
const B = parseTrustDomain('b.example');
const ID = 'spiffe://a.example/agent/a1';

let authority: IdentityAuthority;
let directory: string;
let logger: RecordingLogger;
let opened: FileIdentity[];

beforeEach(async () => {
  authority = await createIdentityAuthority({ trustDomains: [{ name: 'a.example', intermediates: 1 }, { name: 'b.example' }] });
  directory = await mkdtemp(join(tmpdir(), 'dirgate-'));
  logger = new RecordingLogger();
  opened = [];
});

afterEach(async () => {
  await Promise.all(opened.map((identity) => identity.close()));
  await authority.close();
  await rm(directory, { recursive: true, force: true });
});

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function filesOf(svid: X509SvidMaterial): Record<string, string> {
  return {
    'svid.pem': svid.certificates.map((certificate) => pem('CERTIFICATE', certificate)).join(''),
    'key.pem': pem('PRIVATE KEY', svid.privateKey),
    'bundle.pem': authority.trustDomain('a.example').x509BundlePem(),
    'b.pem': authority.trustDomain('b.example').x509BundlePem(),
  };
}

function issue(): X509SvidMaterial {
  return authority.trustDomain('a.example').issueX509Svid(ID);
}

async function write(files: Readonly<Record<string, string>>, folder = directory): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
}

function options(changes: Partial<FileIdentityOptions> = {}): FileIdentityOptions {
  const [svid, key, bundle, b] = ['svid.pem', 'key.pem', 'bundle.pem', 'b.pem'].map((name) => join(directory, name));
  if (!svid || !key || !bundle || !b) throw new Error('four paths');
  return { svid, key, bundle, federated: { 'b.example': b }, pollMs: 600_000, logger, ...changes };
}

async function open(changes: Partial<FileIdentityOptions> = {}): Promise<FileIdentity> {
  const identity = await fileIdentity(options(changes));
  opened.push(identity);
  return identity;
}

function serialOf(identity: FileIdentity): string {
  return Buffer.from(identity.x509Svid()?.chain[0] ?? []).toString('hex');
}

describe('at the start', () => {
  test('SVID with its intermediates, key and bundles that belong together', async () => {
    await write(filesOf(issue()));
    const identity = await open();
    const chain = identity.x509Svid()?.chain ?? [];
    expect(chain).toHaveLength(2);
    expect(verifyX509Svid(chain, identity, { now: Date.now(), usage: 'server' }).id.toString()).toBe(ID);
    expect(identity.x509Bundle(B)?.authorities).toHaveLength(1);
    expect(identity.jwtBundle(A)).toBeUndefined();
    expect(identity.status()).toMatchObject({
      state: 'ready',
      validUntil: identity.x509Svid()?.validUntil,
      lastError: undefined,
    });
    await expect(identity.fetchJwtSvid({ audience: 'me' })).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
    expect(logger.lines).toEqual([]);
  });

  test('SPIFFE bundle documents bring JWT keys too', async () => {
    await write(filesOf(issue()));
    for (const [name, file] of [
      ['a.example', 'bundle.pem'],
      ['b.example', 'b.pem'],
    ] as const) {
      const domain = authority.trustDomain(name);
      const content = { x509Bundle: domain.x509Bundle(), jwtBundle: domain.jwtBundle() };
      await write({ [file]: `\n${marshalSpiffeBundle(createSpiffeBundle(domain.x509Bundle().trustDomain, content))}` });
    }
    const identity = await open();
    expect([identity.jwtBundle(A)?.keyIds.length, identity.jwtBundle(B)?.keyIds.length]).toEqual([1, 1]);
    expect(identity.x509Bundle(A)?.equals(authority.trustDomain('a.example').x509Bundle())).toBe(true);
  });

  test('the key in the older form of OpenSSL', async () => {
    const svid = issue();
    const key = createPrivateKey({ key: Buffer.from(svid.privateKey), format: 'der', type: 'pkcs8' });
    await write({ ...filesOf(svid), 'key.pem': key.export({ format: 'pem', type: 'sec1' }).toString() });
    expect((await open()).x509Svid()).toBeDefined();
  });

  const key = () => join(directory, 'key.pem');
  const bad: Record<string, readonly [change: () => Promise<unknown>, code: string, text: RegExp]> = {
    'a key that the group may read': [() => chmod(key(), 0o640), 'key_file_exposed', /mode 0640.*chmod 600 .*key\.pem/],
    'a key that others may write': [() => chmod(key(), 0o602), 'key_file_exposed', /mode 0602/],
    'no key': [() => unlink(key()), 'file_unreadable', /key\.pem cannot be read: ENOENT/],
    'a directory for a key': [() => unlink(key()).then(() => mkdir(key())), 'file_unreadable', /key\.pem/],
    'garbage for a key': [
      () => write({ 'key.pem': 'secret garbage' }),
      'file_invalid',
      /key\.pem: it is not one unencrypted private key in PEM/,
    ],
    'two keys': [() => write({ 'key.pem': filesOf(issue())['key.pem']?.repeat(2) ?? '' }), 'file_invalid', /key\.pem/],
    'a certificate for a key': [() => write({ 'key.pem': filesOf(issue())['svid.pem'] ?? '' }), 'file_invalid', /key\.pem/],
    'the key of another': [
      () => write({ 'key.pem': filesOf(issue())['key.pem'] ?? '' }),
      'file_invalid',
      /svid\.pem with .*key\.pem: private_key_mismatch/,
    ],
    'a key for an SVID': [
      () => write({ 'svid.pem': filesOf(issue())['key.pem'] ?? '' }),
      'file_invalid',
      /svid\.pem: it is not a list of PEM certificates/,
    ],
    "another's bundle": [
      () => write({ 'bundle.pem': filesOf(issue())['b.pem'] ?? '' }),
      'file_invalid',
      /bundle\.pem: it is not the bundle of the SVID/,
    ],
    'an empty bundle': [() => write({ 'bundle.pem': '' }), 'file_invalid', /bundle\.pem.*x509_bundle_empty/],
    'no federated bundle': [() => unlink(join(directory, 'b.pem')), 'file_invalid', /b\.pem cannot be read: ENOENT/],
    'garbage for a federated bundle': [() => write({ 'b.pem': 'garbage' }), 'file_invalid', /b\.pem.*b\.example cannot be read/],
  };

  test.each(Object.entries(bad))('%s: refused, in one sentence that names the file', async (_name, [change, code, text]) => {
    await write(filesOf(issue()));
    await (await open()).close();
    await change();
    const refused = expect(open()).rejects;
    await refused.toMatchObject({ code, message: expect.stringMatching(text) });
    await expect(open()).rejects.toMatchObject({ message: expect.not.stringContaining('secret') });
  });

  test('an SVID that has expired; names that are none', async () => {
    const { expiresAt, ...svid } = issue();
    await write(filesOf({ ...svid, expiresAt }));
    await expect(open({ clock: () => expiresAt + 1 })).rejects.toMatchObject({ code: 'file_invalid' });
    await expect(open({ federated: { 'spiffe://b.example': 'x' } })).rejects.toMatchObject({ code: 'option_invalid' });
    await expect(open({ federated: { 'a.example': join(directory, 'b.pem') } })).rejects.toMatchObject({
      code: 'file_invalid',
      message: expect.stringContaining('our own trust domain'),
    });
    await expect(open({ pollMs: 0 })).rejects.toMatchObject({ code: 'option_invalid' });
  });
});

describe('later', () => {
  test('files written one after the other are taken over once they fit', async () => {
    await write(filesOf(issue()));
    const identity = await open();
    const before = { serial: serialOf(identity), a: identity.x509Bundle(A), b: identity.x509Bundle(B) };
    const next = filesOf(issue());
    await write({ 'svid.pem': next['svid.pem'] ?? '' });
    await identity.waitFor(() => identity.status().state === 'stale');
    expect(serialOf(identity)).toBe(before.serial);
    expect(identity.status().lastError).toMatchObject({ code: 'file_invalid' });
    await write({ 'key.pem': next['key.pem'] ?? '' });
    await identity.waitFor(() => serialOf(identity) !== before.serial);
    expect(identity.status()).toMatchObject({ state: 'ready', lastError: undefined });
    expect(identity.x509Bundle(A)).toBe(before.a);
    expect(identity.x509Bundle(B)).toBe(before.b);
  });

  test('as Kubernetes does: a link to a folder is swapped, and all files change at once', async () => {
    const folder = async (name: string): Promise<void> => {
      await mkdir(join(directory, name));
      await write(filesOf(issue()), join(directory, name));
      await symlink(name, join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    };
    await folder('..1');
    for (const name of ['svid.pem', 'key.pem', 'bundle.pem', 'b.pem']) await symlink(join('..data', name), join(directory, name));
    const identity = await open();
    for (let i = 2; i <= 6; i++) {
      const before = serialOf(identity);
      if (i === 4) authority.trustDomain('b.example').rotateX509Authority();
      await folder(`..${i}`);
      await rm(join(directory, `..${i - 1}`), { recursive: true });
      await identity.waitFor(() => serialOf(identity) !== before);
      expect(identity.x509Bundle(B)?.authorities).toHaveLength(i < 4 ? 1 : 2);
    }
    expect(logger.lines).toEqual([]);
  });

  test('a link that leads to bad files and back again: ready, with the very files from before', async () => {
    const swap = async (name: string): Promise<void> => {
      await symlink(name, join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    };
    await mkdir(join(directory, '..good'));
    await mkdir(join(directory, '..bad'));
    await write(filesOf(issue()), join(directory, '..good'));
    await write({ ...filesOf(issue()), 'key.pem': 'garbage' }, join(directory, '..bad'));
    await swap('..good');
    for (const name of ['svid.pem', 'key.pem', 'bundle.pem', 'b.pem']) await symlink(join('..data', name), join(directory, name));
    const identity = await open();
    const before = identity.x509Svid();
    await swap('..bad');
    await identity.waitFor(() => identity.status().state === 'stale');
    await swap('..good');
    await identity.waitFor(() => identity.status().state === 'ready');
    expect(identity.x509Svid()).toBe(before);
  });

  test('a change that no directory tells of is found by looking', async () => {
    const elsewhere = join(directory, 'elsewhere');
    await mkdir(elsewhere);
    await write(filesOf(issue()), elsewhere);
    const links = join(directory, 'links');
    await mkdir(links);
    for (const name of ['svid.pem', 'key.pem', 'bundle.pem']) await symlink(join(elsewhere, name), join(links, name));
    const [svid, key, bundle] = ['svid.pem', 'key.pem', 'bundle.pem'].map((name) => join(links, name));
    const identity = await open({ svid: svid ?? '', key: key ?? '', bundle: bundle ?? '', federated: {}, pollMs: 20 });
    const before = serialOf(identity);
    await write(filesOf(issue()), elsewhere);
    await identity.waitFor(() => serialOf(identity) !== before);
  });

  test('a bad reload keeps what was there and is reported once; then the next good one counts', async () => {
    await write(filesOf(issue()));
    const identity = await open({ pollMs: 20 });
    const before = serialOf(identity);
    for (const change of [
      () => write({ 'svid.pem': 'garbage' }),
      () => unlink(join(directory, 'svid.pem')),
      () => write(filesOf(issue())).then(() => chmod(join(directory, 'key.pem'), 0o644)),
      () => write({ 'bundle.pem': 'garbage' }),
    ]) {
      await write(filesOf(issue()));
      await chmod(join(directory, 'key.pem'), 0o600);
      await identity.waitFor(() => identity.status().state === 'ready');
      const serial = serialOf(identity);
      logger.lines.length = 0;
      await change();
      await identity.waitFor(() => identity.status().state === 'stale');
      await expect.poll(() => logger.lines.at(-1), { timeout: 15_000 }).toContain('the identity stays as it was');
      expect([serial, serialOf(identity)].every(Boolean)).toBe(true);
    }
    await write(filesOf(issue()));
    await chmod(join(directory, 'key.pem'), 0o600);
    await identity.waitFor(() => identity.status().state === 'ready' && serialOf(identity) !== before);
  });

  describe('trust that was taken away is gone, whatever becomes of our SVID (X-24, TW-7)', () => {
    test('an authority of ours and a partner at once, before our SVID was replaced', async () => {
      const old = filesOf(issue());
      authority.trustDomain('a.example').rotateX509Authority();
      await write({ ...old, 'bundle.pem': filesOf(issue())['bundle.pem'] ?? '' });
      const identity = await open();
      const before = identity.x509Svid();
      expect([identity.x509Bundle(A)?.authorities.length, identity.x509Bundle(B) !== undefined]).toEqual([2, true]);
      authority.trustDomain('a.example').retireX509Authorities();
      const next = filesOf(issue());
      await unlink(join(directory, 'b.pem'));
      await write({ 'bundle.pem': next['bundle.pem'] ?? '' });
      await identity.waitFor(() => identity.x509Bundle(A)?.authorities.length === 1 && identity.x509Bundle(B) === undefined);
      expect(identity.x509Svid()).toBe(before);
      await identity.waitFor(() => identity.status().state === 'stale');
      await logger.reported('it takes effect, and the SVID stays as it was');
      expect(logger.has('b.pem cannot be read: ENOENT; spiffe://b.example is not trusted')).toBe(true);
      await write(next);
      await identity.waitFor(() => identity.status().state === 'ready' && identity.x509Bundle(B) !== undefined);
      expect(identity.x509Svid()).not.toBe(before);
      expect(identity.x509Bundle(A)?.authorities).toHaveLength(1);
      expect(logger.lines.filter((line) => line.includes('it takes effect'))).toHaveLength(1);
    });

    test.each<[string, string]>([
      ['key.pem', 'it is not one unencrypted private key'],
      ['svid.pem', 'it is not a list of PEM certificates'],
      ['bundle.pem', 'x509_bundle'],
    ])('a partner whose bundle is gone while %s is garbage', async (name, problem) => {
      await write(filesOf(issue()));
      const identity = await open();
      const before = { svid: identity.x509Svid(), a: identity.x509Bundle(A) };
      await write({ [name]: 'garbage', 'b.pem': 'garbage' });
      await identity.waitFor(() => identity.x509Bundle(B) === undefined && identity.status().state === 'stale');
      expect([identity.x509Svid() === before.svid, identity.x509Bundle(A) === before.a]).toEqual([true, true]);
      expect(identity.status().lastError?.message).toContain(problem);
      await logger.reported('the identity stays as it was');
      expect(logger.has('b.pem: the bundle of spiffe://b.example cannot be read')).toBe(true);
      await write(filesOf(issue()));
      await identity.waitFor(() => identity.status().state === 'ready' && identity.x509Bundle(B) !== undefined);
    });
  });

  test('garbage in one federated bundle costs that trust domain alone, with our own rotation beside it (TW-7)', async () => {
    await write(filesOf(issue()));
    const identity = await open();
    const before = { serial: serialOf(identity), a: identity.x509Bundle(A) };
    await write({ ...filesOf(issue()), 'b.pem': 'garbage' });
    await identity.waitFor(() => serialOf(identity) !== before.serial && identity.x509Bundle(B) === undefined);
    expect(identity.x509Bundle(A)).toBe(before.a);
    expect(logger.has('b.pem: the bundle of spiffe://b.example cannot be read')).toBe(true);
    await write(filesOf(issue()));
    await identity.waitFor(() => identity.x509Bundle(B) !== undefined);
    await unlink(join(directory, 'b.pem'));
    await identity.waitFor(() => identity.x509Bundle(B) === undefined);
    expect(identity.status().state).toBe('ready');
  });

  test('files that nobody renews: the SVID ends with its time', async () => {
    let now = Date.now();
    await write(filesOf(issue()));
    const identity = await open({ clock: () => now });
    let told = 0;
    identity.onExpired(() => told++);
    now = (identity.x509Svid()?.validUntil ?? 0) + 1;
    await identity.waitFor(() => told === 1);
    expect(identity.x509Svid()).toBeUndefined();
    expect(identity.status().state).toBe('expired');
  });

  test('an SVID that is not valid yet is taken over when its time comes, though no file changes then', async () => {
    let now = Date.now();
    await write(filesOf(issue()));
    const identity = await open({ clock: () => now, pollMs: 20 });
    const before = serialOf(identity);
    now -= 600_000;
    await write(filesOf(issue()));
    await identity.waitFor(() => identity.status().state === 'stale');
    expect(identity.status().lastError).toMatchObject({
      code: 'file_invalid',
      message: expect.stringContaining('not_yet_valid'),
    });
    now += 600_000;
    await identity.waitFor(() => identity.status().state === 'ready');
    expect(serialOf(identity)).not.toBe(before);
  });

  test('a file that is written anew with the same content tells nobody', async () => {
    const files = filesOf(issue());
    await write(files);
    const identity = await open();
    let told = 0;
    identity.onChange(() => told++);
    await write(files);
    authority.trustDomain('b.example').rotateX509Authority();
    const before = identity.x509Bundle(B);
    await write({ 'b.pem': authority.trustDomain('b.example').x509BundlePem() });
    await identity.waitFor(() => identity.x509Bundle(B) !== before);
    expect(told).toBe(1);
  });

  test('closed: all is gone, and nothing is read any more', async () => {
    await write(filesOf(issue()));
    const identity = await open();
    await identity.close();
    await identity.close();
    expect(identity.x509Svid()).toBeUndefined();
    expect(identity.x509Bundle(A)).toBeUndefined();
    const closed = identity.status();
    expect(closed).toMatchObject({ state: 'withdrawn', lastError: { code: 'closed' } });
    // Another one that watches the same files shows that there was something to see.
    const other = await open({ logger: new RecordingLogger() });
    const before = serialOf(other);
    await write({ ...filesOf(issue()), 'b.pem': 'garbage' });
    await other.waitFor(() => serialOf(other) !== before);
    expect([identity.status(), logger.lines]).toEqual([closed, []]);
  });
});
