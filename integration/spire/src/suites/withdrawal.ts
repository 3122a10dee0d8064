import assert from 'node:assert/strict';
import { DirectoryClient } from '../directory-client.js';
import { startDirectoryWorld } from '../directory-world.js';
import { counting, expectDenied, expectHandledUntil, expectNoFailure, expectStreamsEnded } from '../expect-load.js';
import { foreignClientOf } from '../foreign-credentials.js';
import { HeldStreams } from '../held-streams.js';
import { Load } from '../load.js';
import type { SpireAgent } from '../spire-agent.js';
import type { Suite } from '../suite.js';
import { canShakeHands } from '../tls-probe.js';
import { seenThat, within } from '../wait-until.js';
import { withdraw } from '../withdraw.js';
import { ACME, SERVER_ID, USER } from '../world-names.js';

const NOTICED_MS = 8_000;
const FOREIGN_TTL_SECONDS = 30;
const STEP_MS = 60_000;

export const withdrawal: Suite = {
  name: 'withdrawal',
  about: "deleted entries: the Directory's, our client's, a foreign client's",
  limitMs: 300_000,
  async run(context) {
    const { check, progress, world } = context;
    const { server, acme, host, directory, cid, x509, jwt } = await startDirectoryWorld(context);
    const { address } = directory;
    const { identity } = acme;
    const both = [x509, jwt];
    const countBoth = () => [counting(directory, x509.name, ACME, 'x509-svid'), counting(directory, jwt.name, ACME, 'jwt-svid')];
    const runningOfAcme = (): number => directory.running(ACME, 'x509-svid') + directory.running(ACME, 'jwt-svid');
    const openAgain = async (): Promise<void> => {
      for (const { client } of both) await seenThat('a call', async () => (await client.count()).status === 'OK', STEP_MS);
      const counted = countBoth();
      const refusals = directory.refusals.length;
      const load = world.use(new Load(both));
      await seenThat('50 calls', () => load.attempts.length >= 50, STEP_MS);
      await load.stop();
      expectNoFailure(load, directory, counted, refusals);
    };

    await check('a foreign client whose entry is gone works until its notAfter, and not longer', async () => {
      const agent = await world.startAgent(server);
      const entryId = await server.createEntry({ id: USER, parent: agent.node, x509SvidTtlSeconds: FOREIGN_TTL_SECONDS });
      const { credentials, notAfter } = await foreignClientOf(agent);
      // The server asks it to dial anew ahead of notAfter; what crosses that is refused unread, and sent again unless retries are off.
      const client = world.use(new DirectoryClient(address, credentials, 'default'));
      const foreign = { name: 'foreign', client, cid };
      const held = await HeldStreams.open([foreign]);
      await server.deleteEntry(entryId);
      await seenThat('the agent denies the SVID', () => denied(agent), NOTICED_MS);
      await held.answer();
      const counted = counting(directory, foreign.name, USER, 'x509-svid');
      const load = world.use(new Load([foreign]));
      await seenThat('20 calls after notAfter', () => load.startedFrom(notAfter + 1).length >= 20, 90_000);
      await load.stop();
      expectDenied(load, { last: notAfter });
      expectStreamsEnded(await held.ended, { client: foreign.name, instant: notAfter, statuses: ['UNAUTHENTICATED'] });
      expectHandledUntil(load, directory, counted, notAfter);
      await seenThat('its handlers have ended', () => directory.running(USER, 'x509-svid') === 0, STEP_MS);
    });

    await check("our client's own entry is deleted: after the grace it presents nothing and its calls end", async () => {
      const held = await HeldStreams.open(both);
      const counted = countBoth();
      const refusals = directory.refusals.length;
      const load = world.use(new Load(both));
      const { deniedAt, x509At, jwtAt } = await withdraw(server, acme, () => held.answer());
      progress(`the X509-SVID went ${x509At - deniedAt} ms after the first denial, the JWT bundles after ${jwtAt - deniedAt} ms`);
      const tokensAt = Math.min(x509At, jwtAt);
      const ends = await within('the open streams end', STEP_MS, held.ended);
      await seenThat('20 calls afterwards', () => load.startedFrom(x509At + 1).length >= 20, STEP_MS);
      await load.stop();

      expectDenied(load, { client: x509.name, last: x509At });
      expectDenied(load, { client: jwt.name, last: tokensAt, streamsEnd: x509At });
      // It is our side that ends them: the connection to a server that nobody vouches for any more is gone.
      for (const { name } of both) expectStreamsEnded(ends, { client: name, instant: x509At, statuses: ['UNAVAILABLE'] });
      assert.deepEqual([...new Set(load.failures.map(({ status }) => status))], ['UNAVAILABLE']);
      for (const client of counted) expectHandledUntil(load, directory, client, x509At);
      await seenThat('its handlers have ended', () => runningOfAcme() === 0, STEP_MS);
      assert.deepEqual(directory.refusals.slice(refusals), [], 'it was the server that refused');
      await assert.rejects(identity.fetchJwtSvid({ audience: SERVER_ID }), { code: 'jwt_svid_unavailable' });
    });

    await check('its entry is made anew: it calls again, without a restart', async () => {
      await server.createEntry({ id: ACME, parent: acme.agent.node });
      await identity.waitFor(() => identity.status().state === 'ready', { timeoutMs: STEP_MS });
      await openAgain();
    });

    await check(
      "the Directory's own entry is deleted: after the grace live streams end and new handshakes are refused",
      async () => {
        assert.ok(await canShakeHands(address), 'there was no handshake before');
        const held = await HeldStreams.open(both);
        const counted = countBoth();
        const refusals = directory.refusals.length;
        const load = world.use(new Load(both));
        const { deniedAt, x509At, jwtAt } = await withdraw(server, host, () => held.answer());
        progress(
          `the X509-SVID went ${x509At - deniedAt} ms after the first denial, the JWT bundles after ${jwtAt - deniedAt} ms`,
        );
        const jwtFrom = Math.min(x509At, jwtAt);
        const ends = await within('the open streams end', STEP_MS, held.ended);
        await seenThat('20 calls afterwards', () => load.startedFrom(x509At + 1).length >= 20, STEP_MS);
        await load.stop();

        expectDenied(load, { client: x509.name, last: x509At });
        expectDenied(load, { client: jwt.name, last: jwtFrom });
        expectStreamsEnded(ends, { client: x509.name, instant: x509At, statuses: ['UNAUTHENTICATED'] });
        expectStreamsEnded(ends, { client: jwt.name, instant: jwtFrom, statuses: ['UNAUTHENTICATED'] });
        // A second later the server also asks for new connections, since nobody vouches for its peers any more, and there are none to be had.
        const refused = load.failures.filter(({ status }) => status === 'UNAUTHENTICATED');
        const unconnected = load.failures.filter(({ status }) => status === 'UNAVAILABLE');
        assert.equal(refused.length + unconnected.length, load.failures.length);
        assert.ok(refused.length > 0, 'no call was refused on a live connection');
        for (const client of counted) expectHandledUntil(load, directory, client, x509At);
        await seenThat('no handler is running', () => runningOfAcme() === 0, STEP_MS);
        assert.equal(directory.refusals.length - refusals, refused.length + ends.length, 'not each refusal is a failed call');

        assert.ok(!(await canShakeHands(address)), 'the Directory still shakes hands');
        const [seen, ran] = [directory.refusals.length, counted.map(({ id, credential }) => directory.handled(id, credential))];
        for (const present of ['x509', 'jwt'] as const) {
          const fresh = world.use(DirectoryClient.of({ address, serverId: SERVER_ID, identity, present }));
          assert.equal((await fresh.count()).status, 'UNAVAILABLE');
        }
        assert.equal(directory.refusals.length, seen);
        assert.deepEqual(
          counted.map(({ id, credential }) => directory.handled(id, credential)),
          ran,
        );
      },
    );

    await check('its entry is made anew: it serves again, without a restart', async () => {
      await server.createEntry({ id: SERVER_ID, parent: host.agent.node });
      await host.identity.waitFor(() => host.identity.status().state === 'ready', { timeoutMs: STEP_MS });
      await openAgain();
    });
  },
};

function denied(agent: SpireAgent): Promise<boolean> {
  return agent.api('fetch x509').then(
    () => false,
    (error: unknown) => error instanceof Error && error.message.includes('PermissionDenied'),
  );
}
