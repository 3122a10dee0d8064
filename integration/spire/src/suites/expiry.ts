import assert from 'node:assert/strict';
import { DirectoryClient } from '../directory-client.js';
import { startDirectoryWorld } from '../directory-world.js';
import { expectDeniedFrom } from '../expect-load.js';
import { Load } from '../load.js';
import type { Workload } from '../spire-world.js';
import type { Suite } from '../suite.js';
import { seenThat } from '../wait-until.js';
import { SERVER_ID } from '../world-names.js';

export const expiry: Suite = {
  name: 'expiry',
  about: 'an agent that is away past notAfter: denied from that second on, and not before',
  limitMs: 240_000,
  async run(context) {
    const { check, progress, world } = context;
    const { acme, host, directory, cid } = await startDirectoryWorld(context, { x509SvidTtl: '20s' });
    const { address } = directory;
    const { identity } = acme;
    const client = world.use(DirectoryClient.of({ address, serverId: SERVER_ID, identity, present: 'x509' }));

    for (const [whose, workload] of [
      ['the client', acme],
      ['the Directory', host],
    ] as const) {
      const load = world.use(new Load([{ name: 'X.509', client, cid }]));
      await check(`${whose} loses its agent: every call goes through until notAfter, and none from there on`, async () => {
        await workload.agent.kill();
        const notAfter = validUntil(workload);
        await seenThat('20 calls after notAfter', () => load.startedFrom(notAfter + 1).length >= 20, 90_000);
        expectDeniedFrom(load, notAfter);
      });

      await check(`the agent of ${whose} is back: calls go through again, on the same client and server`, async () => {
        const from = Date.now();
        await workload.agent.start();
        const recovered = (): boolean => load.startedFrom(from).filter(({ status }) => status === 'OK').length >= 10;
        await seenThat('10 calls that go through', recovered, 60_000);
        progress(`recovered after ${Date.now() - from} ms`);
        await load.stop();
      });
    }
  },
};

function validUntil({ identity }: Workload): number {
  const svid = identity.x509Svid();
  assert.ok(svid, 'there is no SVID');
  return svid.validUntil;
}
