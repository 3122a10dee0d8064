import assert from 'node:assert/strict';
import { DirectoryClient } from '../directory-client.js';
import { counting, expectNoFailure } from '../expect-load.js';
import { startGuardedDirectory } from '../guarded-directory.js';
import { Load } from '../load.js';
import { countRotations } from '../rotations.js';
import type { Workload } from '../spire-world.js';
import type { Suite } from '../suite.js';
import { seenThat } from '../wait-until.js';
import { ACME, HOME, SERVER_ID, USER } from '../world-names.js';

const TTLS = { caTtl: '24h', x509SvidTtl: '20s', jwtSvidTtl: '20s' };

export const nested: Suite = {
  name: 'nested',
  about: 'a downstream SPIRE server: SVID chains with intermediates, across rotations of both',
  limitMs: 240_000,
  async run(context) {
    const { check, progress, world } = context;
    const root = await world.startServer({ trustDomain: HOME, ...TTLS });
    const voucher = await world.startAgent(root);
    await root.createEntry({
      id: `spiffe://${HOME}/downstream`,
      parent: voucher.node,
      downstream: true,
    });
    const upstream = { port: root.port, workloadApiSocket: voucher.socket };
    const downstream = await world.startServer({ trustDomain: HOME, ...TTLS, upstream });
    const [host, below, above] = await Promise.all([
      world.startWorkload({ server: downstream, id: SERVER_ID }),
      world.startWorkload({ server: downstream, id: ACME }),
      world.startWorkload({ server: root, id: USER }),
    ]);
    const directory = world.use(await startGuardedDirectory(host.identity, SERVER_ID, world.folder));
    const { address } = directory;

    await check('SVIDs of the downstream server carry its intermediate', () => {
      assert.equal(host.identity.x509Svid()?.chain.length, 2);
      assert.equal(below.identity.x509Svid()?.chain.length, 2);
      assert.equal(above.identity.x509Svid()?.chain.length, 1);
    });

    await check(
      'workloads of both servers call until SVIDs and intermediate have rotated, X.509 and JWT: 0 failed calls',
      async () => {
        const client = (identity: typeof below.identity, present: 'x509' | 'jwt'): DirectoryClient =>
          world.use(DirectoryClient.of({ address, serverId: SERVER_ID, identity, present }));
        const cid = await client(below.identity, 'x509').pushSample();
        const clients = [
          counting(directory, 'below X.509', ACME, 'x509-svid'),
          counting(directory, 'below JWT', ACME, 'jwt-svid'),
          counting(directory, 'above X.509', USER, 'x509-svid'),
          counting(directory, 'above JWT', USER, 'jwt-svid'),
        ];
        using rotations = countRotations(below.identity);
        const load = world.use(
          new Load([
            { name: 'below X.509', client: client(below.identity, 'x509'), cid },
            { name: 'below JWT', client: client(below.identity, 'jwt'), cid },
            { name: 'above X.509', client: client(above.identity, 'x509'), cid },
            { name: 'above JWT', client: client(above.identity, 'jwt'), cid },
          ]),
        );
        const twoMore = async (): Promise<void> => {
          const before = rotations.count;
          await seenThat('two rotations', () => rotations.count >= before + 2 || load.failures.length >= 20, 60_000);
        };
        await twoMore();
        const first = intermediateOf(below);
        await downstream.x509.activate(await downstream.x509.prepare());
        await seenThat('an SVID under another intermediate', () => intermediateOf(below) !== first, 60_000);
        await twoMore();
        await load.stop();
        progress(`${load.attempts.length} calls, ${rotations.count} rotations of the SVID`);
        expectNoFailure(load, directory, clients);
      },
    );
  },
};

function intermediateOf({ identity }: Workload): string {
  return Buffer.from(identity.x509Svid()?.chain[1] ?? []).toString('base64');
}
