import { parseSpiffeId } from '@dirgate/spiffe';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { A, authority, B, connect, ID, logger, serialsOf, served, serveWorkload } from './test-support/served-client.js';
import { WorkloadApiRefusal } from './workload-api-refusal.js';

serveWorkload();

const OTHER = 'spiffe://a.example/other';

describe('status', () => {
  test('ready, with the generation and the end of our SVID', async () => {
    const api = await connect();
    const svid = api.x509Svid();
    expect(api.status()).toMatchObject({ state: 'ready', validUntil: svid?.validUntil, lastError: undefined });
    const { generation, since } = api.status();
    await served.rotate();
    await api.waitFor(() => api.x509Svid() !== svid);
    expect(api.status()).toMatchObject({ state: 'ready', generation: generation + 1, since });
  });

  test('withdrawn after the grace, and ready again', async () => {
    const api = await connect({ withdrawGraceMs: 20 });
    await served.withdraw();
    await api.waitFor(() => api.status().state === 'withdrawn', { timeoutMs: 10_000 });
    expect(api.status()).toMatchObject({ validUntil: undefined, lastError: { code: 'permission_denied' } });
    await served.restore();
    await api.waitFor(() => api.status().state === 'ready', { timeoutMs: 10_000 });
  });

  test('closed: all waiting ends', async () => {
    const api = await connect();
    const waiting = expect(api.waitFor(() => false)).rejects.toMatchObject({ code: 'closed' });
    await api.close();
    await waiting;
    expect(api.status()).toMatchObject({ state: 'withdrawn', lastError: { code: 'closed' } });
  });
});

describe('expiry', () => {
  test('the SVID is gone with the millisecond after its end, is told, and a new one comes without a restart', async () => {
    let now = Date.now();
    const api = await connect({ clock: () => now });
    const svid = api.x509Svid();
    let told = 0;
    api.onExpired(() => told++);
    now = svid?.validUntil ?? 0;
    expect(api.x509Svid()).toBe(svid);
    now += 1;
    expect(api.x509Svid()).toBeUndefined();
    expect(api.x509Svids()).toEqual([]);
    await api.waitFor(() => told === 1);
    expect(api.status()).toMatchObject({ state: 'expired', since: now, validUntil: svid?.validUntil });
    expect(api.x509Bundle(B)).toBeDefined();
    // The clock goes back: what was seen expired stays so (TX-7), also when the endpoint delivers it anew.
    now -= 1000;
    expect(api.x509Svid()).toBeUndefined();
    const { generation } = api.status();
    authority.trustDomain('b.example').rotateX509Authority();
    await api.waitFor(() => api.status().generation > generation);
    expect(api.x509Svid()).toBeUndefined();
    await served.rotate();
    await api.waitFor(() => api.status().state === 'ready');
    expect(api.x509Svid()).not.toBe(svid);
    expect(told).toBe(1);
  });

  test('an agent that is away past the end: denied from then on and not before', async () => {
    const expiresAt = Math.ceil(Date.now() / 1000) * 1000 + 3000;
    const short = authority.trustDomain('a.example').issueX509Svid(ID, { expiresAt });
    served.inject({
      x509Svids: (message) => ({
        ...message,
        svids: message.svids.map((svid) => ({ ...svid, x509Svid: short.chain, x509SvidKey: short.privateKey })),
      }),
    });
    const api = await connect();
    let toldAt = 0;
    api.onExpired(() => {
      toldAt = Date.now();
    });
    await served.close();
    await api.waitFor(() => toldAt > 0);
    expect(toldAt).toBeGreaterThan(expiresAt);
    expect(toldAt).toBeLessThan(expiresAt + 1000);
    expect(api.x509Svid()).toBeUndefined();
    expect(api.status().state).toBe('expired');
  });
});

describe('selection (W-19)', () => {
  /** The workload has two identities, the second one with a hint. */
  function hinted(hint: string): void {
    const second = authority.trustDomain('a.example').issueX509Svid(OTHER);
    served.inject({
      x509Svids: (message) => ({
        ...message,
        svids: message.svids.flatMap((svid) => [
          svid,
          { ...svid, hint, spiffeId: OTHER, x509Svid: second.chain, x509SvidKey: second.privateKey },
        ]),
      }),
    });
  }

  test('by hint, and by a function', async () => {
    hinted('external');
    expect((await connect({ select: 'external' })).x509Svid()?.id.toString()).toBe(OTHER);
    const api = await connect({ select: ({ id }) => id.path === '/other' });
    expect(api.x509Svid()?.id.toString()).toBe(OTHER);
    expect(api.x509Svids()).toHaveLength(2);
    expect((await connect()).x509Svid()?.id.toString()).toBe(ID);
  });

  test('a hint that no SVID has: none, rather than another; said so', async () => {
    hinted('external');
    const controller = new AbortController();
    const refused = expect(connect({ select: 'internal', signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
    await logger.reported('there is no X509-SVID with the hint "internal"; none is used');
    controller.abort();
    await refused;
    const api = await connect({ select: 'internal', ifNoneFits: 'first' });
    expect(api.x509Svid()?.id.toString()).toBe(ID);
    expect(logger.has(`no X509-SVID with the hint "internal"; ${ID} is used instead`)).toBe(true);
  });

  test('a hint that goes away takes the SVID with it, and brings it back', async () => {
    hinted('external');
    const api = await connect({ select: 'external' });
    hinted('renamed');
    await api.waitFor(() => api.x509Svid() === undefined);
    expect(api.status()).toMatchObject({ state: 'withdrawn', lastError: { code: 'svid_not_selected' } });
    hinted('external');
    await api.waitFor(() => api.x509Svid() !== undefined);
    expect(api.status()).toMatchObject({ state: 'ready', lastError: undefined });
  });

  test('tokens name the selected identity, or the one with the hint that was asked for', async () => {
    const several = await authority.serveWorkloadApi({ id: [ID, OTHER] });
    several.inject({
      jwtSvids: ({ svids }) => ({ svids: svids.map((svid, i) => ({ ...svid, hint: `hint ${i}` })) }),
    });
    const api = await connect({ address: several.address, select: ({ id }) => id.path === '/other' });
    expect((await api.fetchJwtSvid({ audience: 'me' })).id.toString()).toBe(OTHER);
    expect((await api.fetchJwtSvid({ audience: 'me', subject: parseSpiffeId(ID) })).id.toString()).toBe(ID);
    expect((await api.fetchJwtSvid({ audience: 'me', hint: 'hint 0' })).id.toString()).toBe(ID);
    expect((await api.fetchJwtSvid({ audience: 'me', hint: 'hint 1' })).id.toString()).toBe(OTHER);
    await expect(api.fetchJwtSvid({ audience: 'me', hint: 'hint 2' })).rejects.toMatchObject({ code: 'svid_not_selected' });
  });

  test('cached tokens end when the order of our identities changes, or a hint moves', async () => {
    const ids = [ID, OTHER];
    const several = await authority.serveWorkloadApi({ id: ids });
    let [hinted, isTurned] = [ID, false];
    const arrange = <Svid extends { readonly spiffeId: string }>(svids: readonly Svid[]) => {
      const arranged = svids.map((svid) => ({ ...svid, hint: svid.spiffeId === hinted ? 'h' : '' }));
      return isTurned ? arranged.reverse() : arranged;
    };
    const push = (): void =>
      several.inject({
        x509Svids: (message) => ({ ...message, svids: arrange(message.svids) }),
        jwtSvids: ({ svids }) => ({ svids: arrange(svids) }),
      });
    push();
    const api = await connect({ address: several.address });
    const tokens = () => Promise.all([api.fetchJwtSvid({ audience: 'me' }), api.fetchJwtSvid({ audience: 'me', hint: 'h' })]);
    const subjects = async () => (await tokens()).map(({ id }) => id.toString());
    expect(await subjects()).toEqual([ID, ID]);
    hinted = OTHER;
    push();
    await api.waitFor(() => api.x509Svids()[1]?.hint === 'h');
    expect(await subjects()).toEqual([ID, OTHER]);
    isTurned = true;
    push();
    await api.waitFor(() => api.x509Svid()?.id.toString() === OTHER);
    expect(await subjects()).toEqual([OTHER, OTHER]);
    // The same identities anew: the tokens are theirs.
    const calls = several.callCount('FetchJWTSVID');
    const before = await tokens();
    const serial = serialsOf(api);
    await several.rotate();
    await api.waitFor(() => serialsOf(api) !== serial);
    expect(await tokens()).toEqual(before);
    expect(several.callCount('FetchJWTSVID')).toBe(calls);
  });
});

describe('bundles without an SVID of our own', () => {
  const deny = (): never => {
    throw new WorkloadApiRefusal(status.PERMISSION_DENIED, 'no identity issued');
  };

  test('are had where no identity is', async () => {
    served.inject({ x509Svids: deny });
    const api = await connect({ need: ['x509-bundles', 'jwt'] });
    expect(api.x509Svid()).toBeUndefined();
    expect([api.x509Bundle(A), api.x509Bundle(B), api.jwtBundle(A)].every(Boolean)).toBe(true);
    expect(api.status()).toMatchObject({ state: 'ready', validUntil: undefined });
    expect(served.callCount('FetchX509SVID')).toBe(0);
    const before = api.x509Bundle(B);
    authority.trustDomain('b.example').rotateX509Authority();
    await api.waitFor(() => api.x509Bundle(B) !== before);
    authority.unfederate('a.example', 'b.example');
    await api.waitFor(() => api.x509Bundle(B) === undefined);
    expect(api.x509Bundle(A)).toBeDefined();
  });

  test('an empty map is an empty mandatory field: discarded (W-14)', async () => {
    const api = await connect({ need: ['x509-bundles'] });
    const before = api.x509Bundle(A);
    served.inject({ x509Bundles: () => ({ bundles: {} }) });
    await logger.reported('an X509BundlesResponse is discarded: a mandatory field is empty');
    expect(api.x509Bundle(A)).toBe(before);
  });

  test('one that the endpoint does not serve is an error', async () => {
    served.inject({
      x509Bundles: () => {
        throw new WorkloadApiRefusal(status.UNIMPLEMENTED, 'off');
      },
    });
    await expect(connect({ need: ['x509-bundles'] })).rejects.toMatchObject({ code: 'not_supported' });
    await expect(connect({ need: ['x509', 'x509-bundles'] })).rejects.toMatchObject({ code: 'option_invalid' });
  });
});

test('JWT keys in another order are the same bundle, and tell nobody', async () => {
  authority.trustDomain('a.example').rotateJwtAuthority();
  const api = await connect();
  const before = { serial: serialsOf(api), jwt: api.jwtBundle(A) };
  let told = 0;
  api.onChange(() => told++);
  served.inject({
    jwtBundles: ({ bundles }) => {
      const jwks = JSON.parse(Buffer.from(bundles['spiffe://a.example'] ?? []).toString());
      const shuffled = Buffer.from(JSON.stringify({ keys: jwks.keys.reverse() }));
      return { bundles: { ...bundles, 'spiffe://a.example': shuffled } };
    },
  });
  const { generation } = api.status();
  const calls = served.callCount('FetchJWTBundles');
  served.endStreams();
  await api.waitFor(() => served.callCount('FetchJWTBundles') > calls && api.status().state === 'ready');
  await served.rotate();
  await api.waitFor(() => serialsOf(api) !== before.serial);
  expect(api.jwtBundle(A)).toBe(before.jwt);
  expect([told, api.status().generation]).toEqual([1, generation + 1]);
});
