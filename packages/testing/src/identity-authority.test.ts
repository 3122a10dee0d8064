import { parseTrustDomain, parseX509Svid, SpiffeError, verifyJwtSvid, verifyX509Svid } from '@dirgate/spiffe';
import { describe, expect, test, vi } from 'vitest';
import { createIdentityAuthority, type IdentityAuthority } from './identity-authority.js';

const NOW = Date.UTC(2026, 5, 1);
const A = parseTrustDomain('a.example');
const B = parseTrustDomain('b.example');
const ID = 'spiffe://a.example/agent/a1';

function twoDomains(): Promise<IdentityAuthority> {
  return createIdentityAuthority({
    clock: () => NOW,
    trustDomains: [{ name: 'a.example', federatesWith: ['b.example'], intermediates: 1 }, { name: 'b.example' }],
  });
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof SpiffeError ? error.code : String(error);
  }
  return 'accepted';
}

describe('X.509', () => {
  test('an issued SVID is accepted by the verifier, in both roles', async () => {
    const authority = await twoDomains();
    const svid = parseX509Svid(authority.trustDomain('a.example').issueX509Svid(ID));
    const source = authority.identityOf(ID);
    for (const usage of ['client', 'server'] as const) {
      const verified = verifyX509Svid(svid.chain, source, { now: NOW, usage });
      expect(verified.id.toString()).toBe(ID);
      expect(verified.validUntil).toBe(NOW + 3_600_000);
    }
  });

  test('rotation adds a CA, retiring removes the old one', async () => {
    const authority = await twoDomains();
    const domain = authority.trustDomain('a.example');
    const source = authority.identityOf(ID);
    const old = parseX509Svid(domain.issueX509Svid(ID));
    const bundle = source.x509Bundle(A);
    expect(source.x509Bundle(A)).toBe(bundle);

    domain.rotateX509Authority();
    const current = parseX509Svid(domain.issueX509Svid(ID));
    const verify = (svid: typeof old) => codeOf(() => verifyX509Svid(svid.chain, source, { now: NOW, usage: 'client' }));
    expect(source.x509Bundle(A)).not.toBe(bundle);
    expect(source.x509Bundle(A)?.authorities).toHaveLength(2);
    expect([verify(old), verify(current)]).toEqual(['accepted', 'accepted']);

    domain.retireX509Authorities();
    expect(source.x509Bundle(A)?.authorities).toHaveLength(1);
    expect(verify(current)).toBe('accepted');
    expect(verify(old)).toBe('issuer_untrusted');
  });

  test("an impostor's SVID has the right ID and the wrong authority", async () => {
    const authority = await twoDomains();
    const impostor = parseX509Svid(authority.trustDomain('b.example').issueForeignX509Svid(ID));
    expect(impostor.id.toString()).toBe(ID);
    const code = codeOf(() => verifyX509Svid(impostor.chain, authority.identityOf(ID), { now: NOW, usage: 'client' }));
    expect(code).toBe('issuer_untrusted');
    expect(() => authority.trustDomain('b.example').issueX509Svid(ID)).toThrow(RangeError);
  });

  test('one that shall be expired is', async () => {
    const authority = await twoDomains();
    const expired = authority.trustDomain('a.example').issueX509Svid(ID, { expiresAt: NOW - 1000 });
    const verify = () => verifyX509Svid(expired.certificates, authority.identityOf(ID), { now: NOW, usage: 'client' });
    expect(codeOf(verify)).toBe('certificate_expired');
  });
});

describe('JWT', () => {
  const options = { audience: ['me'], now: NOW };

  test('an issued token is accepted, one of another key is not', async () => {
    const authority = await twoDomains();
    const domain = authority.trustDomain('a.example');
    const source = authority.identityOf(ID);
    const good = await domain.issueJwtSvid(ID, { audience: 'me', claims: { role: 'x' } });
    const verified = verifyJwtSvid(good, source, options);
    expect(verified.id.toString()).toBe(ID);
    expect(verified.expiresAt).toBe(NOW + 300_000);
    expect(verified.claims).toMatchObject({ role: 'x' });
    const unknown = await domain.issueJwtSvid(ID, { audience: 'me', signedBy: 'unknown-key' });
    expect(codeOf(() => verifyJwtSvid(unknown, source, options))).toBe('jwt_key_unknown');
    const forged = await domain.issueJwtSvid(ID, { audience: 'me', signedBy: 'forged' });
    expect(codeOf(() => verifyJwtSvid(forged, source, options))).toBe('jwt_signature');
    const foreign = await authority.trustDomain('b.example').issueForeignJwtSvid(ID, { audience: 'me' });
    expect(codeOf(() => verifyJwtSvid(foreign, source, options))).toBe('jwt_key_unknown');
  });

  test('one that shall be expired is', async () => {
    const authority = await twoDomains();
    const token = await authority.trustDomain('a.example').issueJwtSvid(ID, { audience: 'me', expiresAt: NOW - 600_000 });
    expect(codeOf(() => verifyJwtSvid(token, authority.identityOf(ID), options))).toBe('jwt_expired');
  });

  test('rotation and retirement', async () => {
    const authority = await twoDomains();
    const domain = authority.trustDomain('a.example');
    const source = authority.identityOf(ID);
    const token = await domain.issueJwtSvid(ID, { audience: 'me' });
    domain.rotateJwtAuthority();
    expect(codeOf(() => verifyJwtSvid(token, source, options))).toBe('accepted');
    domain.retireJwtAuthorities();
    expect(codeOf(() => verifyJwtSvid(token, source, options))).toBe('jwt_key_unknown');
  });

  test('keys carry use only where asked for', async () => {
    const authority = await createIdentityAuthority({
      trustDomains: [{ name: 'a.example' }, { name: 'b.example', jwtKeyUse: true }],
    });
    expect(JSON.parse(authority.trustDomain('a.example').jwks()).keys[0]).not.toHaveProperty('use');
    expect(JSON.parse(authority.trustDomain('b.example').jwks()).keys[0]).toHaveProperty('use', 'jwt-svid');
  });
});

describe('in-process identity', () => {
  test('sees own and federated bundles, live, in one direction', async () => {
    const authority = await twoDomains();
    const source = authority.identityOf(ID);
    let changes = 0;
    const stop = source.onChange(() => changes++);
    expect(source.x509Bundle(B)).toBeDefined();
    expect(source.jwtBundle(B)).toBeDefined();
    expect(authority.identityOf('spiffe://b.example/x').x509Bundle(A)).toBeUndefined();
    authority.unfederate('a.example', 'b.example');
    expect(source.x509Bundle(B)).toBeUndefined();
    expect(changes).toBeGreaterThan(0);
    stop();
    const before = changes;
    authority.federate('a.example', 'b.example');
    expect(source.x509Bundle(B)).toBeDefined();
    expect(changes).toBe(before);
  });

  test('a listener that throws keeps the change from nobody else, and shows in the test', async () => {
    const authority = await twoDomains();
    const [one, other] = [authority.identityOf(ID), authority.identityOf('spiffe://a.example/other')];
    let told = 0;
    one.onChange(() => {
      throw new Error('mine');
    });
    for (const source of [one, other]) source.onChange(() => told++);
    expect(() => authority.trustDomain('a.example').rotateX509Authority()).toThrow('mine');
    expect(told).toBe(2);
    expect(() => authority.unfederate('a.example', 'b.example')).toThrow('mine');
    expect(told).toBe(6);
  });

  test('is the same SVID until it rotates, and none while withdrawn', async () => {
    const authority = await twoDomains();
    const source = authority.identityOf(ID);
    const first = source.x509Svid();
    expect(first).toBeDefined();
    expect(source.x509Svid()).toBe(first);
    authority.trustDomain('b.example').rotateX509Authority();
    expect(source.x509Svid()).toBe(first);
    authority.trustDomain('a.example').rotateX509Authority();
    expect(source.x509Svid()).not.toBe(first);
    source.withdraw();
    expect(source.x509Svid()).toBeUndefined();
    expect(source.x509Bundle(A)).toBeUndefined();
    await expect(source.fetchJwtSvid({ audience: 'me' })).rejects.toThrow();
    source.restore();
    expect(source.x509Svid()).toBeDefined();
    expect(await source.fetchJwtSvid({ audience: 'me' })).toMatchObject({ expiresAt: NOW + 300_000 });
  });
});

test('a workload that is served no more is forgotten', async () => {
  const authority = await twoDomains();
  const domain = authority.trustDomain('a.example');
  const issue = vi.spyOn(domain, 'issueX509Svid');
  const first = await authority.serveWorkloadApi({ id: ID });
  await authority.serveWorkloadApi({ id: ID });
  await expect(authority.serveWorkloadApi({ id: ID, address: '/no/address' })).rejects.toThrow(RangeError);
  await first.close();
  issue.mockClear();
  domain.rotateX509Authority();
  expect(issue).toHaveBeenCalledTimes(1);
  await authority.close();
  domain.rotateX509Authority();
  expect(issue).toHaveBeenCalledTimes(1);
});

describe('refused options', () => {
  test.each([
    [{ trustDomains: [{ name: 'A.example' }] }],
    [{ trustDomains: [{ name: 'a.example' }, { name: 'a.example' }] }],
    [{ trustDomains: [{ name: 'a.example', federatesWith: ['nobody.example'] }] }],
    [{ trustDomains: [{ name: 'a.example', federatesWith: ['a.example'] }] }],
    [{ trustDomains: [{ name: 'a.example', x509SvidTtlMs: 0 }] }],
  ])('%j', async (options) => {
    await expect(createIdentityAuthority(options)).rejects.toThrow();
  });

  test('a workload of two trust domains, of none, or of an unknown one', async () => {
    const authority = await twoDomains();
    expect(() => authority.identityOf([ID, 'spiffe://b.example/x'])).toThrow(RangeError);
    expect(() => authority.identityOf([])).toThrow(RangeError);
    expect(() => authority.identityOf('spiffe://c.example/x')).toThrow(RangeError);
    expect(() => authority.identityOf('https://a.example/x')).toThrow(SpiffeError);
  });
});
