import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startDirectoryWorld } from '../directory-world.js';
import { countRotations } from '../rotations.js';
import { SpireProcess } from '../spire-process.js';
import type { Suite } from '../suite.js';
import { SERVER_ID, USER } from '../world-names.js';

const ROTATIONS = 20;
/** One lasts ten seconds, with ten calls in each when the machine has time for them. */
const CALLS_PER_ROTATION = 20;

/** The last line of integration/spire/go-client. */
interface Summary {
  readonly calls: number;
  readonly failed: number;
  readonly attempts: number;
  readonly connections: number;
  readonly rotations: number;
}

export const foreignClient: Suite = {
  name: 'foreign-client',
  about: '20 rotations of an unmodified grpc-go client with go-spiffe: 0 failed calls',
  limitMs: 420_000,
  async run(context) {
    const { check, progress, world, tools, signal } = context;
    const { server, host, directory } = await startDirectoryWorld(context, { caTtl: '2m', x509SvidTtl: '20s' });
    const agent = await world.startAgent(server);
    await server.createEntry({ id: USER, parent: agent.node });

    await check(
      `a call every 100 ms across ${ROTATIONS} rotations, on the connections that it chooses to keep: 0 failed calls`,
      async () => {
        using ownRotations = countRotations(host.identity);
        const client = world.use(
          new SpireProcess({
            name: 'go-client',
            program: tools.goClient,
            args: ['-socket', agent.address, '-address', directory.address, '-server', SERVER_ID],
            logFile: join(world.folder, 'go-client.log'),
            signal,
          }),
        );
        await client.line(new RegExp(`"rotation":${ROTATIONS}\\b`), 360_000);
        client.endInput();
        const { calls, failed, attempts, connections, rotations } = JSON.parse(await client.line(/"calls":/, 30_000)) as Summary;
        progress(
          `${calls} calls on ${connections} connections, ${rotations} rotations, ${attempts - calls} sent again by grpc-go itself`,
        );
        const failures = client.lines.filter((line) => line.includes('"failed":"'));
        assert.deepEqual([failed, failures.slice(0, 20)], [0, []]);
        assert.equal(directory.handled(USER, 'x509-svid'), calls, 'the server did not handle as many calls as were made');
        assert.deepEqual(directory.refusals, []);
        assert.ok(rotations >= ROTATIONS && ownRotations.count >= ROTATIONS / 2 && connections > 1);
        assert.ok(calls >= CALLS_PER_ROTATION * rotations, `${calls} calls across ${rotations} rotations prove little`);
      },
    );
  },
};
