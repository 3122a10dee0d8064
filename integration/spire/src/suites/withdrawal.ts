import assert from 'node:assert/strict';
import { DirectoryClient } from '../directory-client.js';
import { startDirectoryWorld } from '../directory-world.js';
import { expectDeniedFrom } from '../expect-load.js';
import { foreignClientOf } from '../foreign-credentials.js';
import { Load } from '../load.js';
import type { SpireAgent } from '../spire-agent.js';
import type { Suite } from '../suite.js';
import { changedTo, seenThat, within } from '../wait-until.js';
import { ACME, SERVER_ID, USER } from '../world-names.js';

/** Default of connectWorkloadApi's withdrawGraceMs. */
const GRACE_MS = 15_000;
/** The agent hears of a deleted entry at its next sync, each second here, and of its denial we hear at once. */
const NOTICED_MS = 8_000;
const FOREIGN_TTL_SECONDS = 30;

export const withdrawal: Suite = {
  name: 'withdrawal',
  about: "deleted entries: the Directory's, our client's, a foreign client's",
  limitMs: 240_000,
  async run(context) {
    const { check, progress, world } = context;
    const { server, acme, host, directory, cid, x509 } = await startDirectoryWorld(context);
    const { address } = directory;

    await check('a foreign client whose entry is gone works until its notAfter, and not longer', async () => {
      const agent = await world.startAgent(server);
      const entryId = await server.createEntry({ id: USER, parent: agent.node, x509SvidTtlSeconds: FOREIGN_TTL_SECONDS });
      const { credentials, notAfter } = await foreignClientOf(agent);
      // The server asks it to dial anew ahead of notAfter; what crosses that is refused unread, and sent again unless retries are off.
      const client = world.use(new DirectoryClient(address, credentials, 'default'));
      assert.equal((await client.count()).status, 'OK');
      await server.deleteEntry(entryId);
      await seenThat('the agent denies the SVID', () => denied(agent), NOTICED_MS);
      const load = world.use(new Load([{ name: 'foreign', client, cid }]));
      await seenThat('20 calls after notAfter', () => load.startedFrom(notAfter + 1).length >= 20, 90_000);
      await load.stop();
      expectDeniedFrom(load, notAfter);
    });

    await check("our client's own entry is deleted: after the grace it presents nothing and its calls end", async () => {
      const pull = x509.client.openPull();
      await pull.pull(cid);
      const deletedAt = Date.now();
      await server.deleteEntry(acme.entryId);
      const { status } = await within('the open stream ends', GRACE_MS + NOTICED_MS, pull.ended);
      const afterMs = Date.now() - deletedAt;
      progress(`the client's stream ended with ${status} ${afterMs} ms after the deletion`);
      assert.ok(afterMs >= GRACE_MS, `the stream ended ${afterMs} ms after the deletion, within the grace`);
      assert.notEqual(status, 'OK');
      assert.equal(acme.identity.x509Svid(), undefined);
      const before = directory.handled(ACME, 'x509-svid');
      assert.equal((await x509.client.count()).status, 'UNAVAILABLE');
      assert.equal(directory.handled(ACME, 'x509-svid'), before);
    });

    await check('its entry is made anew: it calls again, without a restart', async () => {
      await server.createEntry({ id: ACME, parent: acme.agent.node });
      await changedTo(acme.identity, 'an SVID again', () => acme.identity.x509Svid() !== undefined, 60_000);
      await seenThat('a call goes through', async () => (await x509.client.count()).status === 'OK', 30_000);
    });

    await check(
      "the Directory's own entry is deleted: after the grace live streams end and new handshakes are refused",
      async () => {
        const pull = x509.client.openPull();
        await pull.pull(cid);
        const deletedAt = Date.now();
        await server.deleteEntry(host.entryId);
        const { status, details } = await within('the open stream ends', GRACE_MS + NOTICED_MS, pull.ended);
        const afterMs = Date.now() - deletedAt;
        progress(`the server ended the stream with ${status} (${details}) ${afterMs} ms after the deletion`);
        assert.ok(afterMs >= GRACE_MS, `the stream ended ${afterMs} ms after the deletion, within the grace`);
        assert.notEqual(status, 'OK');
        assert.equal(host.identity.x509Svid(), undefined);
        const before = directory.handled(ACME, 'x509-svid');
        const { identity } = acme;
        const fresh = world.use(DirectoryClient.of({ address, serverId: SERVER_ID, identity, present: 'x509' }));
        assert.equal((await fresh.count()).status, 'UNAVAILABLE');
        assert.equal(directory.handled(ACME, 'x509-svid'), before);
      },
    );

    await check('its entry is made anew: it serves again, without a restart', async () => {
      await server.createEntry({ id: SERVER_ID, parent: host.agent.node });
      await changedTo(host.identity, 'an SVID again', () => host.identity.x509Svid() !== undefined, 60_000);
      await seenThat('a call goes through', async () => (await x509.client.count()).status === 'OK', 30_000);
    });
  },
};

function denied(agent: SpireAgent): Promise<boolean> {
  return agent.api('fetch x509').then(
    () => false,
    (error: unknown) => error instanceof Error && error.message.includes('PermissionDenied'),
  );
}
