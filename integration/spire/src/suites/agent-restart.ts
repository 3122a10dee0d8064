import assert from 'node:assert/strict';
import { link } from 'node:fs/promises';
import { join } from 'node:path';
import { startDirectoryWorld } from '../directory-world.js';
import { counting, expectNoFailure } from '../expect-load.js';
import { Load } from '../load.js';
import type { Workload } from '../spire-world.js';
import type { Suite } from '../suite.js';
import { changedTo, seenThat } from '../wait-until.js';
import { ACME } from '../world-names.js';

const RECONNECT_MS = 30_000;

export const agentRestart: Suite = {
  name: 'agent-restart',
  about: 'agents killed with -9 and started again on another socket: 0 failed calls',
  limitMs: 180_000,
  async run(context) {
    const { check, progress, world } = context;
    const { acme, host, directory, x509, jwt } = await startDirectoryWorld(context);
    const clients = [counting(directory, x509.name, ACME, 'x509-svid'), counting(directory, jwt.name, ACME, 'jwt-svid')];
    const load = world.use(new Load([x509, jwt]));

    for (const [whose, workload] of [
      ["the client's agent", acme],
      ["the Directory's agent", host],
    ] as const) {
      await check(`${whose} is killed and comes back: we follow within ${RECONNECT_MS / 1000} s`, async () => {
        progress(`${whose} was back on a new socket, and we with it, after ${await restartAndFollow(workload)} ms`);
      });
    }

    await check('0 failed calls meanwhile', async () => {
      const made = load.attempts.length;
      await seenThat('50 calls on what the new agents gave', () => load.attempts.length >= made + 50, 30_000);
      await load.stop();
      expectNoFailure(load, directory, clients);
    });
  },
};

/** Kills and starts an agent; resolves when our client has all of the new one, with how long that took from its start. */
async function restartAndFollow({ agent, identity, id }: Workload): Promise<number> {
  const before = identity.x509Svid();
  const inode = await agent.socketInode();
  await link(agent.socket, join(agent.folder, `killed-${Date.now()}.sock`)); // or the file system may use the inode again
  await agent.kill();
  const startedAt = Date.now();
  await agent.start();
  assert.notEqual(await agent.socketInode(), inode, 'the socket is the old one');
  // A new agent has no key of its workloads, so its first SVID is another.
  await changedTo(identity, 'an SVID of the new agent', () => identity.x509Svid() !== before, RECONNECT_MS);
  assert.notEqual(identity.x509Svid(), undefined);
  // The JWT bundles come on a stream of their own.
  await identity.waitFor(() => identity.status().state === 'ready', { timeoutMs: startedAt + RECONNECT_MS - Date.now() });
  const tookMs = Date.now() - startedAt;
  const audience = `spiffe://directory.example/${startedAt}`; // nobody asked for such a token before
  assert.equal((await identity.fetchJwtSvid({ audience })).id.toString(), id);
  return tookMs;
}
