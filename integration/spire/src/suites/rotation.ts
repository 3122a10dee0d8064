import assert from 'node:assert/strict';
import { anchorOf, svidOf } from '../credentials-of.js';
import { startDirectoryWorld } from '../directory-world.js';
import { counting, expectNoFailure } from '../expect-load.js';
import { Load } from '../load.js';
import { countRotations } from '../rotations.js';
import type { Suite } from '../suite.js';
import { seenThat } from '../wait-until.js';
import { ACME } from '../world-names.js';

const ROTATIONS = 20;

export const rotation: Suite = {
  name: 'rotation',
  about: '20 rotations of every SVID, CAs of two minutes: 0 failed calls',
  limitMs: 420_000,
  async run(context) {
    const { check, progress, world } = context;
    const { acme, host, directory, x509, jwt } = await startDirectoryWorld(context, {
      caTtl: '2m',
      x509SvidTtl: '20s',
      jwtSvidTtl: '20s',
    });

    await check(`${ROTATIONS} rotations, and one of the CA: 0 failed calls`, async () => {
      const clients = [counting(directory, x509.name, ACME, 'x509-svid'), counting(directory, jwt.name, ACME, 'jwt-svid')];
      const [hostCa, acmeCa] = [host, acme].map((workload) => anchorOf(svidOf(workload), workload));
      using server = countRotations(host.identity);
      using client = countRotations(acme.identity);
      const load = world.use(new Load([x509, jwt]));
      const rotated = (): boolean => server.count >= ROTATIONS && client.count >= ROTATIONS;
      const moved = (): boolean => anchorOf(svidOf(host), host) !== hostCa && anchorOf(svidOf(acme), acme) !== acmeCa;
      await seenThat(
        `${ROTATIONS} rotations, and one of the CA`,
        () => (rotated() && moved()) || load.failures.length >= 20,
        360_000,
      );
      await load.stop();
      progress(`${load.attempts.length} calls, ${server.count} rotations of the server's SVID, ${client.count} of the client's`);
      expectNoFailure(load, directory, clients);
      assert.ok(rotated() && moved());
    });
  },
};
