import assert from 'node:assert/strict';
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

export const jwtAuthority: Suite = {
  name: 'jwt-authority',
  about: 'the same for the key that signs JWT-SVIDs; tokens that were cached go with it',
  limitMs: 240_000,
  async run(context) {
    const { check, progress, world } = context;
    const { server, host, acme, partnerClient, directory, cid, x509, jwt } = await startFederatedWorld(context, {
      jwtSvidTtl: '40s', // tokens are renewed at half of it
    });
    const { address } = directory;
    const { identity } = acme;
    const oldToken = await identity.fetchJwtSvid({ audience: SERVER_ID });
    const oldKey = keyIdOf(oldToken.token);
    const trusted = (): number => host.identity.jwtBundle(oldToken.id.trustDomain)?.keyIds.length ?? 0;
    const clients = [counting(directory, x509.name, ACME, 'x509-svid'), counting(directory, jwt.name, ACME, 'jwt-svid')];
    const load = world.use(new Load([x509, jwt]));

    let oldAuthority = '';
    await check('prepare, activate and taint: new tokens of the new key, 0 failed calls', async () => {
      const before = trusted();
      const next = await server.jwt.prepare();
      await changedTo(host.identity, 'another key in the bundle', () => trusted() > before, STEP_MS);
      oldAuthority = await server.jwt.activate(next);
      await server.jwt.taint(oldAuthority);
      const renewed = async (): Promise<boolean> =>
        keyIdOf((await identity.fetchJwtSvid({ audience: SERVER_ID })).token) !== oldKey;
      await seenThat('a token of the new key', renewed, STEP_MS);
      const made = load.attempts.length;
      await seenThat('50 more calls', () => load.attempts.length >= made + 50, STEP_MS);
      await load.stop();
      expectNoFailure(load, directory, clients);
    });

    await check('revoke: a token of the old key is refused on live and on new connections', async () => {
      const held = presenting(identity, { jwtSvid: oldToken });
      const holder = (): DirectoryClient =>
        world.use(DirectoryClient.of({ address, serverId: SERVER_ID, identity: held, present: 'jwt' }));
      const live = holder();
      const streams = await HeldStreams.open([{ name: 'holder', client: live, cid }]);
      assert.equal((await live.count()).status, 'OK');
      const guestStreams = await HeldStreams.open([{ name: 'guest', client: partnerClient(), cid }]);
      const guestConnections = directory.connectionsOf(PARTNER_READER).size;

      const keys = trusted();
      await server.jwt.revoke(oldAuthority);
      await changedTo(host.identity, 'a key fewer in the bundle', () => trusted() < keys, STEP_MS);
      const revokedAt = Date.now();
      const ends = await within('the live streams end', STEP_MS, streams.ended);
      progress(`the live streams ended within ${Date.now() - revokedAt} ms after the Directory had the bundle`);
      expectStreamsEnded(ends, { client: 'holder', instant: revokedAt, statuses: ['UNAUTHENTICATED'] });
      const before = directory.handled(ACME, 'jwt-svid');
      for (const client of [live, holder()]) assert.equal((await client.count()).status, 'UNAUTHENTICATED');
      assert.equal(directory.handled(ACME, 'jwt-svid'), before);
      assert.ok(Date.now() < oldToken.expiresAt, 'the token has expired, so its refusal proves nothing');

      await guestStreams.answer();
      assert.equal(directory.connectionsOf(PARTNER_READER).size, guestConnections, 'the partner had to connect anew');
    });

    await check('what has a token of the new key goes on', async () => {
      const refusals = directory.refusals.length;
      const after = world.use(new Load([x509, jwt]));
      await seenThat('50 calls', () => after.attempts.length >= 50, STEP_MS);
      await after.stop();
      assert.deepEqual(after.failures, []);
      assert.equal(directory.refusals.length, refusals);
    });
  },
};

function keyIdOf(token: string): unknown {
  const [header = ''] = token.split('.');
  return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid?: unknown }).kid;
}
