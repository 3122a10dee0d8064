import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { expect, test, vi } from 'vitest';
import { type ClientOptions, GuardedWorld } from './test-support/guarded-world.js';

/** Opens a bidi call and a server stream that stay open, each with one answer seen. */
async function openStreams(world: GuardedWorld, options: ClientOptions = {}) {
  const client = world.client(options);
  const keepOpen = new Metadata();
  keepOpen.set('test-keep-open', '1');
  const bidi = client.store.lookup();
  const server = client.search.searchCIDs({}, keepOpen);
  const ends = [bidi, server].map(
    (call) =>
      new Promise<{ code: status; at: number }>((resolve) =>
        call.on('error', (error: ServiceError) => resolve({ code: error.code, at: Date.now() })),
      ),
  );
  const answered = [bidi, server].map((call) => new Promise((resolve) => call.once('data', resolve)));
  bidi.write({ cid: 'first' });
  await Promise.all(answered);
  const carriesAnother = async (): Promise<boolean> => {
    const answer = new Promise<{ cid: string }>((resolve) => bidi.once('data', resolve));
    bidi.write({ cid: 'another' });
    return (await answer).cid === 'another';
  };
  return { client, ends: Promise.all(ends), carriesAnother, close: () => [bidi.cancel(), server.cancel()] };
}

test('federation withdrawn: open streams end within a second, the next call is refused, others live on', async () => {
  await using world = await GuardedWorld.start();
  const partner = await openStreams(world, { id: 'spiffe://partner.example/reader' });
  const home = await openStreams(world);
  expect(world.guard.liveCalls).toBe(4);
  const at = Date.now();
  world.authority.unfederate('home.example', 'partner.example');
  const ends = await partner.ends;
  expect(ends.map(({ code }) => code)).toEqual([status.UNAUTHENTICATED, status.UNAUTHENTICATED]);
  for (const end of ends) expect(end.at - at).toBeLessThan(1000);
  expect(world.events.at(-1)).toMatchObject({ step: 'revocation', code: 'trust_withdrawn' });
  await vi.waitFor(() => expect([...world.log.cancelled].sort()).toEqual(['bidi', 'server stream']));
  expect((await partner.client.call('unary')).code).toBe(status.UNAUTHENTICATED);
  expect(await home.carriesAnother()).toBe(true);
  expect(world.guard.liveCalls).toBe(2);
  home.close();
  await vi.waitFor(() => expect(world.guard.liveCalls).toBe(0));
});

test('the token of an open stream loses its key', async () => {
  await using world = await GuardedWorld.start();
  const streams = await openStreams(world, { present: 'jwt' });
  const home = world.authority.trustDomain('home.example');
  home.rotateJwtAuthority(); // the old key stays: nothing ends
  expect(await streams.carriesAnother()).toBe(true);
  home.retireJwtAuthorities();
  expect((await streams.ends).map(({ code }) => code)).toEqual([status.UNAUTHENTICATED, status.UNAUTHENTICATED]);
  expect(world.events.at(-1)).toMatchObject({ step: 'revocation', code: 'trust_withdrawn' });
});

test('CA rotation: streams and connections go on; once the old CA leaves the bundle they end', async () => {
  await using world = await GuardedWorld.start();
  const streams = await openStreams(world);
  const home = world.authority.trustDomain('home.example');
  home.rotateX509Authority();
  expect(await streams.carriesAnother()).toBe(true);
  expect((await streams.client.call('unary')).code).toBe(status.OK);
  home.retireX509Authorities();
  // The server's own old certificate is as untrusted as the caller's: whichever side sees it first ends the connection.
  for (const { code } of await streams.ends) expect([status.UNAUTHENTICATED, status.UNAVAILABLE]).toContain(code);
  expect((await world.client().call('unary')).code).toBe(status.OK);
});

test('the own identity withdrawn ends streams and refuses calls', async () => {
  await using world = await GuardedWorld.start();
  const streams = await openStreams(world);
  world.identity.withdraw();
  for (const { code } of await streams.ends) expect(code).toBe(status.UNAUTHENTICATED);
  expect(world.events.at(-1)).toMatchObject({ step: 'revocation', code: 'server_identity_missing' });
  expect((await world.client().call('unary')).code).toBe(status.UNAVAILABLE); // no handshake without an SVID
  world.identity.restore();
  await vi.waitFor(async () => expect((await world.client().call('unary')).code).toBe(status.OK));
});

test('the policy changes its mind about an open call', async () => {
  await using world = await GuardedWorld.start();
  const streams = await openStreams(world);
  world.policy.replace(() => false);
  for (const { code } of await streams.ends) expect(code).toBe(status.PERMISSION_DENIED);
});

test('federation withdrawn: a hundred open streams end within a second (TX-5)', async () => {
  await using world = await GuardedWorld.start();
  const { store } = world.client({ id: 'spiffe://partner.example/reader' });
  const calls = Array.from({ length: 100 }, () => store.lookup());
  const ends = Promise.all(
    calls.map(
      (call) =>
        new Promise<{ code: status; at: number }>((resolve) =>
          call.on('error', ({ code }: ServiceError) => resolve({ code, at: performance.now() })),
        ),
    ),
  );
  await Promise.all(
    calls.map((call) => {
      call.write({ cid: 'first' });
      return new Promise((resolve) => call.once('data', resolve));
    }),
  );
  expect(world.guard.liveCalls).toBe(100);
  const at = performance.now();
  world.authority.unfederate('home.example', 'partner.example');
  const delays = (await ends).map(({ code, at: ended }) => {
    expect(code).toBe(status.UNAUTHENTICATED);
    return ended - at;
  });
  delays.sort((one, other) => one - other);
  const [median = 0, longest = 0] = [delays[50], delays[99]];
  console.log(`withdrawal to client status: median ${median.toFixed(0)} ms, longest ${longest.toFixed(0)} ms, 100 streams`);
  expect(longest).toBeLessThan(1000);
});
