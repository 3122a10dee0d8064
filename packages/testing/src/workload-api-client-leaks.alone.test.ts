import { readdirSync } from 'node:fs';
import { mkdtemp, rename, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { connectWorkloadApi, fetchX509Svids } from '@dirgate/workload-api';
import { expect, test } from 'vitest';
import { A, authority, ID, logger, QUICK, serialsOf, served, serveWorkload } from './test-support/served-client.js';

serveWorkload();

interface Held {
  readonly files: number;
  readonly resources: Readonly<Record<string, number>>;
}

function held(): Held {
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return { files: readdirSync('/proc/self/fd').length, resources };
}

/** What is held once all that was closed has ended: sockets take a few turns for it. */
async function settled(): Promise<Held> {
  let before = held();
  for (let same = 0; same < 5; ) {
    await sleep(20);
    const now = held();
    same = isDeepStrictEqual(now, before) ? same + 1 : 0;
    before = now;
  }
  return before;
}

/** What the process is warned of meanwhile: too many listeners, above all. */
async function warningsDuring(work: () => Promise<void>): Promise<readonly Error[]> {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  try {
    await work();
  } finally {
    process.off('warning', onWarning);
  }
  return warnings;
}

test('a hundred reconnects leave no file, timer, socket or listener behind', { timeout: 120_000 }, async () => {
  const warnings = await warningsDuring(async () => {
    const api = await connectWorkloadApi({ address: served.address, logger, ...QUICK });
    const cycle = async (): Promise<void> => {
      const x509 = served.callCount('FetchX509SVID');
      const jwt = served.callCount('FetchJWTBundles');
      served.endStreams();
      await api.waitFor(
        () =>
          served.callCount('FetchX509SVID') > x509 && served.callCount('FetchJWTBundles') > jwt && api.status().state === 'ready',
      );
    };
    // The first ones allocate what stays for the life of the process.
    for (let i = 0; i < 5; i++) await cycle();
    const before = await settled();
    for (let i = 0; i < 100; i++) await cycle();
    expect(await settled()).toEqual(before);
    expect(served.callCount('FetchX509SVID')).toBeGreaterThanOrEqual(106);
    expect(api.jwtBundle(A)).toBeDefined();
    await api.close();
  });
  expect(warnings).toEqual([]);
});

test('nor does a path that leads to a hundred sockets, one after the other', { timeout: 120_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'dirgate-'));
  const path = join(directory, 'agent.sock');
  // All from the start, so that what they hold is no part of what changes; none ends a connection of its own accord.
  const sockets = Array.from({ length: 106 }, (_, i) => join(directory, `${i}.sock`));
  const agents = await Promise.all(sockets.map((socket) => authority.serveWorkloadApi({ id: ID, address: `unix://${socket}` })));
  const lead = async (to: number): Promise<bigint> => {
    await symlink(`${to}.sock`, `${path}.new`);
    await rename(`${path}.new`, path);
    return (await stat(path, { bigint: true })).ino;
  };
  const inodes = new Set([await lead(0)]);
  const warnings = await warningsDuring(async () => {
    const api = await connectWorkloadApi({ address: `unix://${path}`, logger, ...QUICK });
    const cycle = async (to: number): Promise<void> => {
      const serial = serialsOf(api);
      inodes.add(await lead(to));
      agents[to - 1]?.endStreams();
      await api.waitFor(
        () => serialsOf(api) !== serial && agents[to]?.callCount('FetchJWTBundles') === 1 && api.status().state === 'ready',
      );
    };
    for (let i = 1; i <= 5; i++) await cycle(i);
    const before = await settled();
    for (let i = 6; i <= 105; i++) await cycle(i);
    expect(await settled()).toEqual(before);
    expect(inodes.size).toBe(106);
    expect(agents.map((agent) => agent.callCount('FetchX509SVID'))).toEqual(agents.map(() => 1));
    await api.close();
  });
  expect(warnings).toEqual([]);
  await rm(directory, { recursive: true });
});

test('connecting, calling and closing leave nothing behind', { timeout: 60_000 }, async () => {
  const round = async (): Promise<void> => {
    const api = await connectWorkloadApi({ address: served.address, logger, ...QUICK });
    await api.fetchJwtSvid({ audience: 'me' });
    await fetchX509Svids({ address: served.address });
    await api.close();
    await expect(connectWorkloadApi({ address: 'unix:///nowhere/x.sock', firstUpdateTimeoutMs: 10 })).rejects.toThrow();
  };
  for (let i = 0; i < 3; i++) await round();
  const before = await settled();
  for (let i = 0; i < 10; i++) await round();
  expect(await settled()).toEqual(before);
});
