import assert from 'node:assert/strict';
import { parseUnverifiedJwtSvid, verifyJwtSvid, verifyX509Svid } from '@dirgate/spiffe';
import { DirectoryClient } from '../directory-client.js';
import { startDirectoryWorld } from '../directory-world.js';
import { counting, expectNoFailure } from '../expect-load.js';
import { Load } from '../load.js';
import { presenting } from '../presenting.js';
import type { Suite } from '../suite.js';
import { seenThat } from '../wait-until.js';
import { ACME, SERVER_ID } from '../world-names.js';

export const firstSvid: Suite = {
  name: 'first-svid',
  about: 'first SVIDs, calls of every shape, JWT-SVIDs checked by SPIRE and by us',
  limitMs: 120_000,
  async run(context) {
    const { check, world } = context;
    const { acme, host, directory, x509, jwt } = await startDirectoryWorld(context);
    const { identity, agent } = acme;

    await check('the SVID that came first is proven by the bundle that came with it', () => {
      const svid = identity.x509Svid();
      assert.equal(svid?.id.toString(), ACME);
      assert.equal(verifyX509Svid(svid.chain, identity, { usage: 'client', now: Date.now() }).id.toString(), ACME);
    });

    await check('unary, server stream and bidi stream, with an X509-SVID and with a JWT-SVID: 0 failed calls', async () => {
      const clients = [counting(directory, x509.name, ACME, 'x509-svid'), counting(directory, jwt.name, ACME, 'jwt-svid')];
      const load = world.use(new Load([x509, jwt]));
      await seenThat('50 calls', () => load.attempts.length >= 50, 30_000);
      await load.stop();
      expectNoFailure(load, directory, clients);
    });

    await check('a JWT-SVID fetched by us is valid for spire-agent', async () => {
      const { token } = await identity.fetchJwtSvid({ audience: SERVER_ID });
      const output = await agent.api('validate jwt', '-audience', SERVER_ID, '-svid', token);
      assert.ok(output.includes(ACME), output);
      const other = 'spiffe://directory.example/another';
      await assert.rejects(agent.api('validate jwt', '-audience', other, '-svid', token), /audience/);
    });

    await check('a JWT-SVID fetched by spire-agent is valid for us, and for the Directory', async () => {
      const token = tokenOf(await agent.api('fetch jwt', '-audience', SERVER_ID, '-output', 'json'));
      const now = Date.now();
      assert.equal(verifyJwtSvid(token, host.identity, { audience: [SERVER_ID], now }).id.toString(), ACME);
      assert.throws(() => verifyJwtSvid(token, host.identity, { audience: ['another'], now }), {
        code: 'jwt_audience_mismatch',
      });

      const { id, expiresAt } = parseUnverifiedJwtSvid(token);
      const held = presenting(identity, { jwtSvid: { id, expiresAt, token, hint: '' } });
      const { address } = directory;
      const client = world.use(DirectoryClient.of({ address, serverId: SERVER_ID, identity: held, present: 'jwt' }));
      const before = directory.handled(ACME, 'jwt-svid');
      assert.equal((await client.count()).status, 'OK');
      assert.equal(directory.handled(ACME, 'jwt-svid'), before + 1);
    });
  },
};

/** The agent prints the answers of two calls, one of them with the tokens. */
function tokenOf(output: string): string {
  const answers = JSON.parse(output) as readonly { readonly svids?: readonly { readonly svid: string }[] }[];
  const token = answers.flatMap(({ svids = [] }) => svids)[0]?.svid;
  assert.ok(token, `spire-agent printed no token: ${output}`);
  return token;
}
