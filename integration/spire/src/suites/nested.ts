import assert from 'node:assert/strict';
import { freshCredentials, svidOf } from '../credentials-of.js';
import { counting, expectDenied, expectHandledUntil, expectStreamsEnded } from '../expect-load.js';
import { HeldStreams } from '../held-streams.js';
import { Load } from '../load.js';
import { startNestedWorld } from '../nested-world.js';
import { presenting } from '../presenting.js';
import { countRotations } from '../rotations.js';
import type { Workload } from '../spire-world.js';
import type { Suite } from '../suite.js';
import { seenThat, within } from '../wait-until.js';
import { ACME, SERVER_ID } from '../world-names.js';

/** Default of createGuard's leewayMs. */
const LEEWAY_MS = 5_000;
const STEP_MS = 60_000;

export const nested: Suite = {
  name: 'nested',
  about: 'a downstream SPIRE server: SVID chains with intermediates, across rotations of both and past their end',
  limitMs: 300_000,
  async run(context) {
    const { check, progress, world } = context;
    const { downstream, host, below, keeper, above, directory, clientOf, unharmed } = await startNestedWorld(context);

    await check('SVIDs of the downstream server carry its intermediate', () => {
      for (const workload of [host, below, keeper]) assert.equal(svidOf(workload).chain.length, 2);
      assert.equal(svidOf(above).chain.length, 1);
    });

    let replaced = '';
    await check('workloads of both call until SVIDs and intermediate have rotated, X.509 and JWT: 0 failed calls', () =>
      unharmed(async (load) => {
        using rotations = countRotations(below.identity);
        using hostRotations = countRotations(host.identity);
        const twoMore = async (): Promise<void> => {
          const before = rotations.count;
          await seenThat('two rotations', () => rotations.count >= before + 2 || load.failures.length >= 20, STEP_MS);
        };
        await twoMore();
        replaced = await downstream.x509.activate(await downstream.x509.prepare());
        await seenThat('an SVID under another intermediate', () => intermediateOf(below) !== intermediateOf(keeper), STEP_MS);
        await twoMore();
        await seenThat(
          "a rotation of the Directory's SVID",
          () => hostRotations.count > 0 || load.failures.length >= 20,
          STEP_MS,
        );
        progress(`${rotations.count} rotations of the client's SVID`);
      }),
    );

    await check('SPIRE takes no intermediate back: what is under the one before is good until its notAfter', async () => {
      await assert.rejects(downstream.x509.taint(replaced), /can't be tainted if there is an upstream authority/);
      await assert.rejects(downstream.x509.revoke(replaced), /can't be revoked if there is an upstream authority/);
      const old = svidOf(keeper);
      const id = old.id.toString();
      assert.notEqual(intermediateOf(keeper), intermediateOf(host));
      const before = directory.handled(id, 'x509-svid');
      const { client } = clientOf('keeper', presenting(keeper.identity, { svid: old }), 'x509');
      assert.equal((await client.count()).status, 'OK');
      assert.equal(directory.handled(id, 'x509-svid'), before + 1);
    });

    await check('an agent below is away past the end of chain and token: denied from then on, and not before', async () => {
      const clients = [clientOf('X.509', below.identity, 'x509'), clientOf('JWT', below.identity, 'jwt')];
      await freshCredentials(below);
      await below.agent.kill();
      const held = await HeldStreams.open(clients); // on what the agent gave last
      const counted = [counting(directory, 'X.509', ACME, 'x509-svid'), counting(directory, 'JWT', ACME, 'jwt-svid')];
      const load = world.use(new Load(clients));
      const { validUntil } = svidOf(below);
      const { expiresAt } = await below.identity.fetchJwtSvid({ audience: SERVER_ID });
      const denials = [
        { client: 'X.509', last: validUntil },
        { client: 'JWT', last: expiresAt - 1, streamsEnd: expiresAt + LEEWAY_MS },
      ];
      await seenThat('calls of each shape afterwards', () => denials.every((denial) => load.triedAfter(denial)), STEP_MS);
      await load.stop();
      const ends = await within('the open streams end', STEP_MS, held.ended);
      for (const denial of denials) {
        const { client, last, streamsEnd = last } = denial;
        expectDenied(load, denial);
        expectStreamsEnded(ends, { client, instant: streamsEnd, statuses: ['UNAUTHENTICATED', 'UNAVAILABLE'] });
      }
      for (const [index, client] of counted.entries()) expectHandledUntil(load, directory, client, denials[index]?.last ?? 0);
      await below.agent.start();
      await below.identity.waitFor(() => below.identity.status().state === 'ready', { timeoutMs: STEP_MS });
      for (const { client } of clients) await seenThat('a call', async () => (await client.count()).status === 'OK', STEP_MS);
    });
  },
};

function intermediateOf({ identity }: Workload): string {
  return Buffer.from(identity.x509Svid()?.chain[1] ?? []).toString('base64');
}
