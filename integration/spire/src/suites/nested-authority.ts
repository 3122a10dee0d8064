import assert from 'node:assert/strict';
import { anchorOf, svidOf } from '../credentials-of.js';
import { expectStreamsEnded } from '../expect-load.js';
import { HeldStreams } from '../held-streams.js';
import { startNestedWorld } from '../nested-world.js';
import { presenting } from '../presenting.js';
import type { Workload } from '../spire-world.js';
import type { Suite } from '../suite.js';
import { changedTo, seenThat, within } from '../wait-until.js';
import { SERVER_ID } from '../world-names.js';

/** A downstream server looks at the bundle above it every 5 s, and tries again with a tainted CA after as much. */
const STEP_MS = 90_000;

export const nestedAuthority: Suite = {
  name: 'nested-authority',
  about: "the upstream CA and a downstream server's JWT key are replaced and revoked under chains with intermediates",
  limitMs: 300_000,
  async run(context) {
    const { check, progress } = context;
    const { root, downstream, host, below, keeper, above, directory, clientOf, unharmed } = await startNestedWorld(context);
    const old = svidOf(keeper);
    const id = old.id.toString();
    const oldToken = await keeper.identity.fetchJwtSvid({ audience: SERVER_ID });
    const goesOn = (): Promise<void> =>
      unharmed((load) => seenThat('50 calls', () => load.attempts.length >= 50 || load.failures.length > 0, STEP_MS));

    let oldAuthority = '';
    await check('the CA above is prepared, activated and tainted: all chains lead to the new one, 0 failed calls', async () => {
      const oldAnchor = anchorOf(old, keeper);
      await unharmed(async () => {
        const next = await root.x509.prepare();
        const everywhere = (): boolean => [host, below, keeper, above].every((workload) => authoritiesOf(workload) === 2);
        await seenThat('two CAs in every bundle', everywhere, STEP_MS);
        oldAuthority = await root.x509.activate(next);
        const from = Date.now();
        await root.x509.taint(oldAuthority);
        const moved = ({ identity }: Workload): boolean => identity.x509Svid() !== undefined;
        const workloads = [host, below, keeper, above];
        const allMoved = (): boolean =>
          workloads.every((workload) => moved(workload) && anchorOf(svidOf(workload), workload) !== oldAnchor);
        await seenThat('chains to the new CA', allMoved, STEP_MS);
        progress(`all chains led to the new CA ${Date.now() - from} ms after it was tainted`);
      });
      for (const workload of [host, below, keeper]) assert.equal(svidOf(workload).chain.length, 2);
    });

    await check('it is revoked: chains to it are refused on live and on new connections', async () => {
      const kept = presenting(keeper.identity, { svid: old });
      const live = clientOf('keeper', kept, 'x509');
      const held = await HeldStreams.open([live]);
      assert.equal((await live.client.count()).status, 'OK');
      const refusals = directory.refusals.length;
      await root.x509.revoke(oldAuthority);
      await changedTo(host.identity, 'one CA in the bundle', () => authoritiesOf(host) === 1, STEP_MS);
      const revokedAt = Date.now();
      const ends = await within('the live streams end', STEP_MS, held.ended);
      expectStreamsEnded(ends, { client: live.name, instant: revokedAt, statuses: ['UNAUTHENTICATED'] });
      const handled = directory.handled(id, 'x509-svid');
      for (const { client } of [live, clientOf('new', kept, 'x509')]) assert.notEqual((await client.count()).status, 'OK');
      assert.equal(directory.handled(id, 'x509-svid'), handled);
      assert.deepEqual([...new Set(directory.refusals.slice(refusals).flatMap(({ reasons }) => reasons))], ['issuer_untrusted']);
      await seenThat('no handler is running', () => directory.running(id, 'x509-svid') === 0, STEP_MS);
      assert.ok(Date.now() < old.validUntil, 'the SVID has expired, so its refusal proves nothing');
    });

    await check('what leads to the new CA goes on, X.509 and JWT, of both servers', async () => {
      for (const workload of [below, above]) {
        await changedTo(workload.identity, 'one CA in the bundle', () => authoritiesOf(workload) === 1, STEP_MS);
      }
      // A client leaves the connections on which the Directory showed an SVID of the old CA.
      for (const [workload, present] of [below, above].flatMap((each) => [[each, 'x509'] as const, [each, 'jwt'] as const])) {
        const { client } = clientOf('fresh', workload.identity, present);
        await seenThat('a call', async () => (await client.count()).status === 'OK', STEP_MS);
      }
      await goesOn();
    });

    await check("the downstream server's JWT key is replaced and revoked: a token of it is refused below", async () => {
      const kept = presenting(keeper.identity, { jwtSvid: oldToken });
      const live = clientOf('keeper', kept, 'jwt');
      const held = await HeldStreams.open([live]);
      assert.equal((await live.client.count()).status, 'OK');
      const keys = ({ identity }: Workload) => identity.jwtBundle(old.id.trustDomain)?.keyIds ?? [];
      const oldKey = keyIdOf(oldToken.token);
      assert.ok(
        [host, above].every((workload) => keys(workload).includes(oldKey)),
        'the key is not in the bundles',
      );

      const before = keys(host).length;
      const next = await downstream.jwt.prepare();
      await changedTo(host.identity, 'another key in the bundle', () => keys(host).length > before, STEP_MS);
      const replaced = await downstream.jwt.activate(next);
      await downstream.jwt.taint(replaced);
      const renewed = async (): Promise<boolean> =>
        keyIdOf((await below.identity.fetchJwtSvid({ audience: SERVER_ID })).token) !== oldKey;
      await seenThat('a token of the new key', renewed, STEP_MS);
      await held.answer();
      const refusals = directory.refusals.length;
      await downstream.jwt.revoke(replaced);
      await changedTo(host.identity, 'the key gone from the bundle', () => !keys(host).includes(oldKey), STEP_MS);
      const revokedAt = Date.now();
      const ends = await within('the live streams end', STEP_MS, held.ended);
      expectStreamsEnded(ends, { client: live.name, instant: revokedAt, statuses: ['UNAUTHENTICATED'] });
      const handled = directory.handled(id, 'jwt-svid');
      for (const { client } of [live, clientOf('new', kept, 'jwt')]) {
        assert.equal((await client.count()).status, 'UNAUTHENTICATED');
      }
      assert.equal(directory.handled(id, 'jwt-svid'), handled);
      assert.ok(directory.refusals.length - refusals >= 4);
      // SPIRE takes the key back from its own bundle alone: above it stays, and nothing revokes it there.
      assert.ok(keys(above).includes(oldKey), 'the key went from the bundle above as well');
      await goesOn();
    });
  },
};

function authoritiesOf(workload: Workload): number {
  return workload.identity.x509Bundle(svidOf(workload).id.trustDomain)?.authorities.length ?? 0;
}

function keyIdOf(token: string): string {
  return (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
}
