import assert from 'node:assert/strict';
import type { IdentitySource } from '@dirgate/spiffe';
import { freshCredentials, svidOf } from '../credentials-of.js';
import { DirectoryClient } from '../directory-client.js';
import { startDirectoryWorld } from '../directory-world.js';
import {
  type CountedClient,
  counting,
  expectDenied,
  expectHandledUntil,
  expectNoFailure,
  expectStreamsEnded,
} from '../expect-load.js';
import { foreignClientOf } from '../foreign-credentials.js';
import { HeldStreams } from '../held-streams.js';
import { Load, type LoadedClient } from '../load.js';
import { presenting } from '../presenting.js';
import type { Suite } from '../suite.js';
import { seenThat, within } from '../wait-until.js';
import { ACME, OTHER_USER, SERVER_ID, USER } from '../world-names.js';

/** Default of createGuard's leewayMs: a token is good for so long after its exp. */
const LEEWAY_MS = 5_000;
/**
 * A connection of ours ends with the certificate on which its server was proven, and streams with it. One that was made just now has half
 * of this before it, which is more than what a client's SVID and token have.
 */
const HOST_TTL_SECONDS = 70;
/** Longer than the suite: streams end with what their client presented, too. */
const LONG_TTL_SECONDS = 3600;
const STEP_MS = 90_000;

export const expiry: Suite = {
  name: 'expiry',
  about: 'an agent that is away past notAfter and exp: denied from that second on, and not before',
  limitMs: 300_000,
  async run(context) {
    const { check, progress, world } = context;
    const { server, acme, host, directory, cid } = await startDirectoryWorld(context, {
      x509SvidTtl: '20s',
      jwtSvidTtl: '20s',
      hostX509SvidTtlSeconds: HOST_TTL_SECONDS,
    });
    const { address } = directory;
    const { trustDomain } = svidOf(acme).id;
    const [user, steady] = await Promise.all([
      world.startWorkload({ server, id: USER, x509SvidTtlSeconds: LONG_TTL_SECONDS }),
      world.startWorkload({ server, id: OTHER_USER, x509SvidTtlSeconds: LONG_TTL_SECONDS, jwtSvidTtlSeconds: LONG_TTL_SECONDS }),
    ]);
    const clientOf = (name: string, present: 'x509' | 'jwt', identity: IdentitySource): LoadedClient => {
      const client = world.use(DirectoryClient.of({ address, serverId: SERVER_ID, identity, present }));
      return { name, client, cid };
    };
    const nothingRuns = (): boolean =>
      [ACME, USER, OTHER_USER].every((id) => directory.running(id, 'x509-svid') + directory.running(id, 'jwt-svid') === 0);
    const recovered = async (clients: readonly LoadedClient[], count: () => readonly CountedClient[]): Promise<void> => {
      for (const { client } of clients) await seenThat('a call', async () => (await client.count()).status === 'OK', STEP_MS);
      const counted = count();
      const refusals = directory.refusals.length;
      const load = world.use(new Load(clients));
      await seenThat('50 calls', () => load.attempts.length >= 50, STEP_MS);
      await load.stop();
      expectNoFailure(load, directory, counted, refusals);
    };

    const x509 = clientOf('X.509', 'x509', acme.identity);
    const jwt = clientOf('JWT', 'jwt', acme.identity);
    const countClient = () => [
      counting(directory, x509.name, ACME, 'x509-svid'),
      counting(directory, jwt.name, ACME, 'jwt-svid'),
    ];
    await check(
      'the client loses its agent: its SVID serves until notAfter and its token until exp, and not longer',
      async () => {
        const jwtSvid = await user.identity.fetchJwtSvid({ audience: SERVER_ID });
        const kept = presenting(user.identity, { jwtSvid });
        // It goes on presenting its token, so that the server has to refuse it.
        const keeper = clientOf('keeper', 'jwt', kept);
        const clients = [x509, jwt, keeper];
        await freshCredentials(acme);
        await acme.agent.kill();
        const held = await HeldStreams.open(clients); // on what the agent gave last
        const counted = [...countClient(), counting(directory, keeper.name, USER, 'jwt-svid')];
        const load = world.use(new Load(clients));
        const bundles = [acme, host].map(({ identity }) => identity.jwtBundle(trustDomain));
        const notAfter = svidOf(acme).validUntil;
        const { expiresAt } = await acme.identity.fetchJwtSvid({ audience: SERVER_ID });
        // Of a token, exp itself is outside (RFC 7519 §4.1.4).
        const lasts = [notAfter, expiresAt - 1, jwtSvid.expiresAt + LEEWAY_MS - 1] as const;
        progress(`notAfter is ${notAfter - Date.now()} ms away, exp ${expiresAt - Date.now()} ms`);
        await seenThat(
          'calls of each client after its end',
          () => clients.every(({ name }, index) => load.triedAfter({ client: name, last: lasts[index] ?? 0 })),
          120_000,
        );
        await load.stop();
        const ends = await within('the open streams end', STEP_MS, held.ended);

        expectDenied(load, { client: x509.name, last: lasts[0] });
        // Our client gives out no token from exp on; what is open already ends when the server's leeway is over too.
        expectDenied(load, { client: jwt.name, last: lasts[1], streamsEnd: expiresAt + LEEWAY_MS });
        expectDenied(load, { client: keeper.name, last: lasts[2] });
        expectStreamsEnded(ends, { client: x509.name, instant: notAfter, statuses: ['UNAUTHENTICATED', 'UNAVAILABLE'] });
        expectStreamsEnded(ends, { client: jwt.name, instant: expiresAt + LEEWAY_MS, statuses: ['UNAUTHENTICATED'] });
        expectStreamsEnded(ends, { client: keeper.name, instant: lasts[2] + 1, statuses: ['UNAUTHENTICATED'] });
        for (const [index, client] of counted.entries()) expectHandledUntil(load, directory, client, lasts[index] ?? 0);
        await seenThat('no handler is running', nothingRuns, STEP_MS);

        // Those that were under way then too; the wire's text tells them from streams that were open.
        const refused = load.failures.filter(({ details }) => details.startsWith('the JWT-SVID was not accepted'));
        assert.ok(refused.length > 0 && refused.every(({ lane }) => lane.startsWith(keeper.name)));
        assert.deepEqual([...new Set(refused.map(({ status }) => status))], ['UNAUTHENTICATED']);
        const late = directory.refusals.filter(({ step, code }) => step === 'authentication' && code === 'token_invalid');
        assert.equal(late.length, refused.length, 'the server did not refuse as many calls as the keeper made');
        assert.deepEqual([...new Set(late.flatMap(({ reasons }) => reasons))], ['jwt_expired']);
        // An agent that is away takes no trust with it.
        assert.deepEqual(
          [acme, host].map(
            ({ identity }, index) => identity.jwtBundle(trustDomain) === bundles[index] && bundles[index] !== undefined,
          ),
          [true, true],
        );
      },
    );

    await check('its agent is back: calls go through again, on the same clients and server', async () => {
      const from = Date.now();
      await acme.agent.start();
      await recovered([x509, jwt], countClient);
      progress(`recovered after ${Date.now() - from} ms`);
    });

    const foreignCredentials = (await foreignClientOf(user.agent)).credentials;
    const foreign = { name: 'foreign', client: world.use(new DirectoryClient(address, foreignCredentials, 'default')), cid };
    const all = [clientOf('X.509', 'x509', steady.identity), clientOf('JWT', 'jwt', steady.identity), foreign];
    const countAll = () => [
      counting(directory, 'X.509', OTHER_USER, 'x509-svid'),
      counting(directory, 'JWT', OTHER_USER, 'jwt-svid'),
      counting(directory, foreign.name, USER, 'x509-svid'),
    ];
    await check('the Directory loses its agent: everybody is served until its notAfter, and nobody from there on', async () => {
      await host.agent.kill();
      const notAfter = svidOf(host).validUntil;
      const held = await HeldStreams.open(all); // on connections that are made with the last SVID
      const counted = countAll();
      const refusals = directory.refusals.length;
      const load = world.use(new Load(all));
      await seenThat(
        'calls of all after notAfter',
        () => all.every(({ name }) => load.triedAfter({ client: name, last: notAfter })),
        90_000,
      );
      await load.stop();
      const ends = await within('the open streams end', STEP_MS, held.ended);
      for (const { name } of all) {
        expectDenied(load, { client: name, last: notAfter });
        // Ours look at the server's certificate too, and one of the two sides is the first. The foreign one does not.
        const statuses = name === foreign.name ? (['UNAUTHENTICATED'] as const) : (['UNAUTHENTICATED', 'UNAVAILABLE'] as const);
        expectStreamsEnded(ends, { client: name, instant: notAfter, statuses });
      }
      for (const client of counted) expectHandledUntil(load, directory, client, notAfter);
      await seenThat('no handler is running', nothingRuns, STEP_MS);
      const revoked = directory.refusals.slice(refusals).filter(({ step, subject }) => step === 'revocation' && subject === USER);
      assert.ok(revoked.length >= 2, 'the foreign client was not ended by the server');
      assert.deepEqual([...new Set(revoked.map(({ code }) => code))], ['server_identity_missing']);
    });

    await check('its agent is back: calls go through again, on the same clients and server', async () => {
      const from = Date.now();
      await host.agent.start();
      await recovered(all, countAll);
      progress(`recovered after ${Date.now() - from} ms`);
    });
  },
};
