import type { GuardOptions } from '@dirgate/guard';
import { type IdentitySource, parseX509Svid } from '@dirgate/spiffe';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import { AUDIENCE, GuardedWorld } from './test-support/guarded-world.js';

const ID = 'spiffe://home.example/short-lived';

/** An identity with one SVID of each kind that lives for about two seconds and is not renewed. */
async function shortLived(world: GuardedWorld): Promise<{ identity: IdentitySource; expiresAt: number }> {
  const home = world.authority.trustDomain('home.example');
  const expiresAt = Math.floor((Date.now() + 2900) / 1000) * 1000;
  const svid = parseX509Svid(home.issueX509Svid(ID, { expiresAt }));
  const token = await home.issueJwtSvid(ID, { audience: AUDIENCE, expiresAt });
  const live = world.authority.identityOf(ID);
  return {
    expiresAt,
    identity: {
      x509Svid: () => svid,
      x509Bundle: (trustDomain) => live.x509Bundle(trustDomain),
      jwtBundle: (trustDomain) => live.jwtBundle(trustDomain),
      onChange: (listener) => live.onChange(listener),
      fetchJwtSvid: async () => ({ id: svid.id, token, expiresAt, hint: '' }),
    },
  };
}

/** Opens a bidi call and a server stream; answers when they ended, and tries the bidi call until then. */
async function run(present: 'x509' | 'jwt', options: Partial<GuardOptions>) {
  await using world = await GuardedWorld.start({ leewayMs: 0, ...options });
  const { identity, expiresAt } = await shortLived(world);
  const client = world.client({ identity, present });
  const keepOpen = new Metadata();
  keepOpen.set('test-keep-open', '1');
  const bidi = client.store.lookup();
  const server = client.search.searchCIDs({}, keepOpen);
  const ends = Promise.all(
    [bidi, server].map(
      (call) =>
        new Promise<{ code: status; at: number }>((resolve) =>
          call.on('error', ({ code }: ServiceError) => resolve({ code, at: Date.now() })),
        ),
    ),
  );
  let lastAnswer = 0;
  bidi.on('data', () => {
    lastAnswer = Date.now();
  });
  server.on('data', () => undefined);
  const traffic = setInterval(() => bidi.write({ cid: 'again' }), 20);
  let newCall: status | undefined;
  const afterExpiry = setTimeout(
    async () => {
      newCall = (await client.call('unary')).code;
    },
    expiresAt + 20 - Date.now(),
  );
  expect((await client.call('unary')).code).toBe(status.OK);
  const ended = await ends;
  clearInterval(traffic);
  await vi.waitFor(() => expect(newCall).toBeDefined());
  clearTimeout(afterExpiry);
  return { ended, expiresAt, lastAnswer, newCall, event: world.events.findLast(({ step }) => step === 'revocation') };
}

describe.concurrent.each(['x509', 'jwt'] as const)('%s: open streams end when the identity expires (TX-6, TJ-9)', (present) => {
  test.concurrent('within a second, never before; new calls are refused at once', async () => {
    const { ended, expiresAt, lastAnswer, newCall, event } = await run(present, {});
    for (const { code, at } of ended) {
      expect(code).toBe(status.UNAUTHENTICATED);
      expect(at).toBeGreaterThanOrEqual(expiresAt);
      expect(at).toBeLessThan(expiresAt + 1000);
    }
    expect(lastAnswer).toBeGreaterThan(expiresAt - 500); // it worked until then
    expect(newCall).toBe(status.UNAUTHENTICATED);
    expect(event).toMatchObject({ code: 'identity_expired' });
  });

  test.concurrent('with a grace streams go on for so long; new calls are refused all the same', async () => {
    const { ended, expiresAt, lastAnswer, newCall } = await run(present, { streams: { afterExpiryMs: 700 } });
    for (const { code, at } of ended) {
      expect(code).toBe(status.UNAUTHENTICATED);
      expect(at).toBeGreaterThanOrEqual(expiresAt + 700);
      expect(at).toBeLessThan(expiresAt + 1700);
    }
    expect(lastAnswer).toBeGreaterThan(expiresAt + 200);
    expect(newCall).toBe(status.UNAUTHENTICATED);
  });
});
