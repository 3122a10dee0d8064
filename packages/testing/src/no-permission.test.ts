import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IdentityFolder } from './test-support/identity-folder.js';
import { OTHER_GID, OTHER_UID, openAsOther } from './test-support/other-user.js';

const ID = 'spiffe://a.example/agent/a1';

let world: IdentityFolder;
beforeEach(async () => {
  world = await IdentityFolder.create();
  await chmod(world.directory, 0o755);
});
afterEach(() => world.remove());

/** Each test starts two processes. */
const TIMEOUT = { timeout: 60_000 };

describe('a socket that is not ours to open', TIMEOUT, () => {
  let folder: string;
  let socket: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'dirgate-')), 'agent');
    await chmod(dirname(folder), 0o755);
    await mkdir(folder, { mode: 0o755 });
    socket = join(folder, 'api.sock');
    await world.authority.serveWorkloadApi({ id: ID, address: `unix://${socket}` });
    await chmod(socket, 0o777);
  });
  afterEach(async () => {
    await chmod(folder, 0o700);
    await rm(dirname(folder), { recursive: true, force: true });
  });

  const modes: Record<string, () => Promise<void>> = {
    'a folder on the way that is closed to us': () => chmod(folder, 0),
    'the socket itself is closed to us': () => chmod(socket, 0),
  };

  test.each(Object.entries(modes))('%s: one sentence that names it and the remedy', async (_name, close) => {
    const address = `unix://${socket}`;
    expect(await openAsOther('connectWorkloadApi', { address })).toEqual({ opened: ID });
    await close();
    const refused = await openAsOther('connectWorkloadApi', { address, firstUpdateTimeoutMs: 1000 });
    expect(refused).toMatchObject({ code: 'first_update_timeout', message: expect.stringContaining(address) });
    const remedy = `connect EACCES ${socket} (may this process open its socket? this process (uid ${OTHER_UID}) needs the right to write to it`;
    expect(refused).toMatchObject({ message: expect.stringContaining(remedy) });
  });
});

describe('files that are not ours to read', TIMEOUT, () => {
  const files: [string, 'svid' | 'key' | 'bundle', string][] = [
    ['the key', 'key', 'must own it'],
    ['the SVID', 'svid', 'must be allowed to read it'],
    ['the bundle', 'bundle', 'must be allowed to read it'],
  ];

  test.each(files)('%s: one sentence that names it and the remedy', async (_name, option, remedy) => {
    await world.write(world.filesOf(world.issue()));
    const { logger: _, ...options } = world.options();
    const paths = [options.svid, options.key, options.bundle, ...Object.values(options.federated ?? {})];
    for (const path of paths) await chown(path, OTHER_UID ?? 0, OTHER_GID ?? 0);
    expect(await openAsOther('fileIdentity', options)).toEqual({ opened: ID });
    await chmod(options[option], 0);
    expect(await openAsOther('fileIdentity', options)).toEqual({
      code: 'file_unreadable',
      message: `${options[option]} cannot be read: EACCES: this process (uid ${OTHER_UID}) ${remedy}, and be allowed to enter each folder on the way`,
    });
  });
});
