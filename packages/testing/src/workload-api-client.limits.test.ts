import { fetchJwtBundles, fetchX509Bundles } from '@dirgate/workload-api';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { A, authority, B, C, connect, logger, served, serveWorkload } from './test-support/served-client.js';
import { WorkloadApiRefusal } from './workload-api-refusal.js';

serveWorkload();

const DEFAULT = 256 * 1024;

/** The JWT bundle of a trust domain, made as long as wished: blanks mean nothing in JSON. */
function padded(name: string, bytes: number): Uint8Array {
  return Buffer.from(authority.trustDomain(name).jwks().padEnd(bytes));
}

/** From now on the JWT bundles of these trust domains have so many bytes. */
function serveJwt(sizes: Readonly<Record<string, number>>): void {
  const large = Object.entries(sizes).map(([name, bytes]) => [`spiffe://${name}`, padded(name, bytes)]);
  served.inject({ jwtBundles: ({ bundles }) => ({ bundles: { ...bundles, ...Object.fromEntries(large) } }) });
}

test("a partner's JWT bundle of 256 KiB is read, one of a byte more is not; our own may be larger (TW-7)", async () => {
  serveJwt({ 'a.example': DEFAULT + 1, 'b.example': DEFAULT, 'c.example': DEFAULT + 1 });
  const api = await connect();
  await api.waitFor(() => api.jwtBundle(A) !== undefined);
  expect([api.jwtBundle(A), api.jwtBundle(B), api.jwtBundle(C)].map((bundle) => bundle?.keyIds.length)).toEqual([
    1,
    1,
    undefined,
  ]);
  await logger.reported(`the bundle of spiffe://c.example cannot be read (it has more than ${DEFAULT} bytes); it is not trusted`);
  expect(api.status().state).toBe('ready');
  // It grew: what was trusted until now is not any more.
  serveJwt({ 'b.example': DEFAULT + 1 });
  await api.waitFor(() => api.jwtBundle(B) === undefined && api.jwtBundle(C) !== undefined);
});

test('our own JWT bundle is known as ours once our SVID is there', async () => {
  const deny = (): never => {
    throw new WorkloadApiRefusal(status.PERMISSION_DENIED, 'no identity issued');
  };
  const jwtBundles = () => ({
    bundles: { 'spiffe://a.example': padded('a.example', DEFAULT + 1), 'spiffe://b.example': padded('b.example', DEFAULT + 1) },
  });
  served.inject({ x509Svids: deny, jwtBundles });
  const api = await connect({ need: ['jwt'] });
  await logger.reported('the bundle of spiffe://a.example cannot be read (it has more');
  expect(api.jwtBundle(A)).toBeUndefined();
  let told = 0;
  api.onChange(() => told++);
  const streams = served.callCount('FetchJWTBundles');
  // An empty message is discarded: what comes to be trusted is of the one before.
  served.inject({ jwtBundles: () => ({ bundles: {} }) });
  await api.waitFor(() => api.x509Svid() !== undefined);
  expect([api.jwtBundle(A)?.keyIds.length, api.jwtBundle(B)]).toEqual([1, undefined]);
  expect(told).toBe(2);
  expect(served.callCount('FetchJWTBundles')).toBe(streams);
});

test("a partner's X.509 bundle likewise, and alone", async () => {
  const { length } = authority.trustDomain('b.example').x509BundleDer();
  authority.trustDomain('a.example').rotateX509Authority();
  for (const [maxFederatedBundleBytes, isTrusted] of [
    [length, true],
    [length - 1, false],
  ] as const) {
    const limits = { maxFederatedBundleBytes };
    const api = await connect({ limits });
    expect(api.x509Bundle(A)?.authorities).toHaveLength(2);
    expect(api.x509Bundle(B) !== undefined).toBe(isTrusted);
    expect(logger.has(`the bundle of spiffe://b.example cannot be read (it has more than ${length - 1} bytes)`)).toBe(!isTrusted);
    const alone = { limits, address: served.address };
    expect([...(await fetchX509Bundles(alone)).keys()].includes('b.example')).toBe(isTrusted);
  }
});

test("a partner's trust domain becomes one of ours: its bundle is read as such", async () => {
  const partner = authority.trustDomain('b.example');
  const api = await connect({ limits: { maxFederatedBundleBytes: partner.x509BundleDer().length - 1 } });
  expect(api.x509Bundle(B)).toBeUndefined();
  const id = 'spiffe://b.example/x';
  const { chain, privateKey } = partner.issueX509Svid(id);
  const second = { spiffeId: id, x509Svid: chain, x509SvidKey: privateKey, bundle: partner.x509BundleDer(), hint: '' };
  served.inject({ x509Svids: ({ svids }) => ({ svids: [...svids, second] }) });
  await api.waitFor(() => api.x509Svids().length === 2);
  expect(api.x509Bundle(B)?.authorities).toHaveLength(1);
});

test('where no SVID tells which bundle is our own, the limit counts for all', async () => {
  serveJwt({ 'a.example': DEFAULT + 1, 'b.example': DEFAULT });
  const keys = async (limits: object) => [...(await fetchJwtBundles({ address: served.address, limits })).keys()].sort();
  expect(await keys({})).toEqual(['b.example', 'c.example']);
  expect(await keys({ maxFederatedBundleBytes: DEFAULT + 1 })).toEqual(['a.example', 'b.example', 'c.example']);
  await expect(keys({ maxFederatedBundleBytes: -1 })).rejects.toMatchObject({ code: 'option_invalid' });
});
