import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { chmod, mkdir, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createSpiffeBundle, marshalSpiffeBundle, parseTrustDomain, verifyX509Svid } from '@dirgate/spiffe';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IdentityFolder } from './test-support/identity-folder.js';

const A = parseTrustDomain('a.example');
const B = parseTrustDomain('b.example');
/** Nobody writes to it: who opens it for reading as a file waits for ever. */
const pipe = (path: string) => promisify(execFile)('mkfifo', ['-m', '600', path]);
const ID = 'spiffe://a.example/agent/a1';

let world: IdentityFolder;
beforeEach(async () => {
  world = await IdentityFolder.create();
});
afterEach(() => world.remove());

describe('at the start', () => {
  test('SVID with its intermediates, key and bundles that belong together', async () => {
    await world.write(world.filesOf(world.issue()));
    const identity = await world.open();
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
    expect(world.logger.lines).toEqual([]);
  });

  test('SPIFFE bundle documents bring JWT keys too', async () => {
    await world.write(world.filesOf(world.issue()));
    for (const [name, file] of [
      ['a.example', 'bundle.pem'],
      ['b.example', 'b.pem'],
    ] as const) {
      const domain = world.authority.trustDomain(name);
      const content = { x509Bundle: domain.x509Bundle(), jwtBundle: domain.jwtBundle() };
      await world.write({ [file]: `\n${marshalSpiffeBundle(createSpiffeBundle(domain.x509Bundle().trustDomain, content))}` });
    }
    const identity = await world.open();
    expect([identity.jwtBundle(A)?.keyIds.length, identity.jwtBundle(B)?.keyIds.length]).toEqual([1, 1]);
    expect(identity.x509Bundle(A)?.equals(world.authority.trustDomain('a.example').x509Bundle())).toBe(true);
  });

  test('the key in the older form of OpenSSL', async () => {
    const svid = world.issue();
    const key = createPrivateKey({ key: Buffer.from(svid.privateKey), format: 'der', type: 'pkcs8' });
    await world.write({ ...world.filesOf(svid), 'key.pem': key.export({ format: 'pem', type: 'sec1' }).toString() });
    expect((await world.open()).x509Svid()).toBeDefined();
  });

  const key = () => join(world.directory, 'key.pem');
  const bad: Record<string, readonly [change: () => Promise<unknown>, code: string, text: RegExp]> = {
    'a key that the group may read': [() => chmod(key(), 0o640), 'key_file_exposed', /mode 0640.*chmod 600 .*key\.pem/],
    'a key that others may write': [() => chmod(key(), 0o602), 'key_file_exposed', /mode 0602/],
    'no key': [() => unlink(key()), 'file_unreadable', /key\.pem cannot be read: ENOENT/],
    'a directory for a key': [() => unlink(key()).then(() => mkdir(key())), 'file_unreadable', /key\.pem/],
    'a pipe for a key': [() => unlink(key()).then(() => pipe(key())), 'file_unreadable', /key\.pem is no regular file/],
    'a pipe for a federated bundle': [
      () => unlink(join(world.directory, 'b.pem')).then(() => pipe(join(world.directory, 'b.pem'))),
      'file_invalid',
      /b\.pem is no regular file/,
    ],
    'a key of a gigabyte': [() => truncate(key(), 2 ** 30), 'file_unreadable', /key\.pem has more than 8388608 bytes/],
    'an SVID that was written by half': [
      () => truncate(join(world.directory, 'svid.pem'), 300),
      'file_invalid',
      /svid\.pem: it is not a list of PEM certificates/,
    ],
    'garbage for a key': [
      () => world.write({ 'key.pem': 'secret garbage' }),
      'file_invalid',
      /key\.pem: it is not one unencrypted private key in PEM/,
    ],
    'two keys': [
      () => world.write({ 'key.pem': world.filesOf(world.issue())['key.pem']?.repeat(2) ?? '' }),
      'file_invalid',
      /key\.pem/,
    ],
    'a certificate for a key': [
      () => world.write({ 'key.pem': world.filesOf(world.issue())['svid.pem'] ?? '' }),
      'file_invalid',
      /key\.pem/,
    ],
    'the key of another': [
      () => world.write({ 'key.pem': world.filesOf(world.issue())['key.pem'] ?? '' }),
      'file_invalid',
      /svid\.pem with .*key\.pem: private_key_mismatch/,
    ],
    'a key for an SVID': [
      () => world.write({ 'svid.pem': world.filesOf(world.issue())['key.pem'] ?? '' }),
      'file_invalid',
      /svid\.pem: it is not a list of PEM certificates/,
    ],
    "another's bundle": [
      () => world.write({ 'bundle.pem': world.filesOf(world.issue())['b.pem'] ?? '' }),
      'file_invalid',
      /bundle\.pem: it is not the bundle of the SVID/,
    ],
    'an empty bundle': [() => world.write({ 'bundle.pem': '' }), 'file_invalid', /bundle\.pem.*x509_bundle_empty/],
    'no federated bundle': [() => unlink(join(world.directory, 'b.pem')), 'file_invalid', /b\.pem cannot be read: ENOENT/],
    'garbage for a federated bundle': [
      () => world.write({ 'b.pem': 'garbage' }),
      'file_invalid',
      /b\.pem.*b\.example cannot be read/,
    ],
  };

  test.each(Object.entries(bad))('%s: refused, in one sentence that names the file', async (_name, [change, code, text]) => {
    await world.write(world.filesOf(world.issue()));
    await (await world.open()).close();
    await change();
    const refused = expect(world.open()).rejects;
    await refused.toMatchObject({ code, message: expect.stringMatching(text) });
    await expect(world.open()).rejects.toMatchObject({ message: expect.not.stringContaining('secret') });
  });

  test('an option that is none', async () => {
    await world.write(world.filesOf(world.issue()));
    await world.open({ pollMs: 1000 });
    const misspelt = { pollMilliseconds: 1000 } as object;
    await expect(world.open(misspelt)).rejects.toMatchObject({
      code: 'option_invalid',
      message: expect.stringContaining('pollMilliseconds'),
    });
  });

  test('an SVID that has expired; names that are none', async () => {
    const { expiresAt, ...svid } = world.issue();
    await world.write(world.filesOf({ ...svid, expiresAt }));
    await expect(world.open({ clock: () => expiresAt + 1 })).rejects.toMatchObject({ code: 'file_invalid' });
    await expect(world.open({ federated: { 'spiffe://b.example': 'x' } })).rejects.toMatchObject({ code: 'option_invalid' });
    await expect(world.open({ federated: { 'a.example': join(world.directory, 'b.pem') } })).rejects.toMatchObject({
      code: 'file_invalid',
      message: expect.stringContaining('our own trust domain'),
    });
    await expect(world.open({ pollMs: 0 })).rejects.toMatchObject({ code: 'option_invalid' });
  });
});
