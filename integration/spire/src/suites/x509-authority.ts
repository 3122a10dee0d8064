import assert from 'node:assert/strict';
import type { IdentitySource, X509Bundle } from '@dirgate/spiffe';
import { anchorOf, svidOf } from '../credentials-of.js';
import { DirectoryClient } from '../directory-client.js';
import { counting, expectNoFailure, expectStreamsEnded } from '../expect-load.js';
import { startFederatedWorld } from '../federated-world.js';
import { HeldStreams } from '../held-streams.js';
import { Load } from '../load.js';
import { presenting } from '../presenting.js';
import type { Suite } from '../suite.js';
import { changedTo, seenThat, within } from '../wait-until.js';
import { ACME, PARTNER_READER, SERVER_ID } from '../world-names.js';

const STEP_MS = 30_000;

export const x509Authority: Suite = {
  name: 'x509-authority',
  about: 'the CA is prepared, activated, tainted and revoked; another trust domain is not touched',
  limitMs: 240_000,
  async run(context) {
    const { check, progress, world } = context;
    const { server, host, acme, partner, partnerClient, tellPartner, directory, cid, x509, jwt } =
      await startFederatedWorld(context);
    const { address } = directory;
    const oldSvid = svidOf(acme);
    const trustDomain = oldSvid.id.trustDomain;
    const bundleOf = ({ identity }: { identity: IdentitySource }): X509Bundle | undefined => identity.x509Bundle(trustDomain);
    const clients = [counting(directory, x509.name, ACME, 'x509-svid'), counting(directory, jwt.name, ACME, 'jwt-svid')];
    const load = world.use(new Load([x509, jwt]));

    let oldAuthority = '';
    await check('prepare and activate: 0 failed calls', async () => {
      const next = await server.x509.prepare();
      await tellPartner();
      for (const workload of [host, acme, partner]) {
        await changedTo(workload.identity, 'two CAs in the bundle', () => bundleOf(workload)?.authorities.length === 2, STEP_MS);
      }
      oldAuthority = await server.x509.activate(next);
      await moreCalls(load);
      assert.deepEqual(load.failures, []);
    });

    const oldCas = new Set<string>();
    await check('taint: every SVID is replaced by one of the new CA, 0 failed calls until revoke', async () => {
      const before = [host, acme].map(svidOf);
      await server.x509.taint(oldAuthority);
      for (const [index, workload] of [host, acme].entries()) {
        await changedTo(
          workload.identity,
          'an SVID of the new CA',
          () => workload.identity.x509Svid() !== before[index],
          STEP_MS,
        );
      }
      oldCas.add(anchorOf(oldSvid, acme));
      assert.ok(![host, acme].some((workload) => oldCas.has(anchorOf(svidOf(workload), workload))), 'signed by the old CA');
      await moreCalls(load);
      await load.stop();
      expectNoFailure(load, directory, clients);
    });

    const held = presenting(acme.identity, { svid: oldSvid });
    const holder = (): DirectoryClient =>
      world.use(DirectoryClient.of({ address, serverId: SERVER_ID, identity: held, present: 'x509' }));
    await check('revoke: the old CA is refused on live and on new connections', async () => {
      // These connections are made with the Directory's new SVID, so that only their own side is at stake.
      const live = holder();
      const held = await HeldStreams.open([{ name: 'holder', client: live, cid }]);
      assert.equal((await live.count()).status, 'OK');
      const guest = partnerClient();
      const guestStreams = await HeldStreams.open([{ name: 'guest', client: guest, cid }]);
      const guestConnections = directory.connectionsOf(PARTNER_READER).size;

      await server.x509.revoke(oldAuthority);
      await changedTo(host.identity, 'one CA in the bundle', () => bundleOf(host)?.authorities.length === 1, STEP_MS);
      const revokedAt = Date.now();
      const ends = await within('the live streams end', STEP_MS, held.ended);
      progress(`the live streams ended within ${Date.now() - revokedAt} ms after the Directory had the bundle`);
      expectStreamsEnded(ends, { client: 'holder', instant: revokedAt, statuses: ['UNAUTHENTICATED'] });
      const before = directory.handled(ACME, 'x509-svid');
      for (const client of [live, holder()]) {
        const attempt = await client.count();
        assert.notEqual(attempt.status, 'OK');
      }
      assert.equal(directory.handled(ACME, 'x509-svid'), before);
      const reasons = new Set(directory.refusals.flatMap((refusal) => refusal.reasons));
      assert.deepEqual([...reasons], ['issuer_untrusted']);

      await tellPartner();
      await changedTo(partner.identity, 'one CA in the bundle', () => bundleOf(partner)?.authorities.length === 1, STEP_MS);
      await guestStreams.answer();
      assert.equal((await guest.count()).status, 'OK');
      assert.equal(directory.connectionsOf(PARTNER_READER).size, guestConnections, 'the partner had to connect anew');
    });

    await check('what has an SVID of the new CA goes on', async () => {
      // Our client leaves the connections on which the Directory showed an SVID of the old CA.
      await changedTo(acme.identity, 'one CA in the bundle', () => bundleOf(acme)?.authorities.length === 1, STEP_MS);
      for (const { client } of [x509, jwt]) {
        await seenThat('a call goes through', async () => (await client.count()).status === 'OK', STEP_MS);
      }
      const refusals = directory.refusals.length;
      const after = world.use(new Load([x509, jwt]));
      await moreCalls(after);
      await after.stop();
      assert.deepEqual(after.failures, []);
      assert.equal(directory.refusals.length, refusals);
    });
  },
};

async function moreCalls(load: Load): Promise<void> {
  const made = load.attempts.length;
  await seenThat('50 more calls', () => load.attempts.length >= made + 50, STEP_MS);
}
