import { parseTrustDomain, type X509Bundle } from '@dirgate/spiffe';
import { expect, test, vi } from 'vitest';
import { Connection, type ConnectionStart } from './connection.js';
import { PeerTrust } from './peer-trust.js';
import { TestedGuard } from './test-support/tested-guard.js';

const begun = (openedAt: number): ConnectionStart => ({ openedAt, spread: 0, askToRenew: undefined });

/** A connection with a source of bundles that can be watched and changed. */
async function connected(id = 'spiffe://partner.example/a', trustedName = 'partner.example') {
  const tested = await TestedGuard.start();
  const trusted = parseTrustDomain(trustedName);
  let bundle: X509Bundle | undefined = tested.authority.trustDomain(trustedName).x509Bundle();
  const x509Bundle = vi.fn((trustDomain: typeof trusted) => (trustDomain.equals(trusted) ? bundle : undefined));
  const facts = { peerChain: tested.chainOf(id), resumed: false, peerAddress: '192.0.2.1:7' };
  const peerTrust = new PeerTrust({ x509Bundle });
  const connection = new Connection(facts, peerTrust, begun(tested.now));
  const trust = (next: X509Bundle | undefined): void => {
    bundle = next;
    peerTrust.changed();
  };
  /** The proof, or the code and the first reason of the failure. */
  const peer = (now: number) => {
    try {
      return connection.peer(now);
    } catch (error) {
      const { code, reasons } = error as { code: string; reasons: readonly string[] };
      return `${code}: ${reasons[0]}`;
    }
  };
  return { tested, connection, facts, trust, peer, x509Bundle, start: tested.now };
}

test('the proof is made once and kept', async () => {
  const { peer, start, x509Bundle } = await connected();
  const proof = peer(start);
  expect(proof).toMatchObject({ validUntil: start + 10_000 });
  x509Bundle.mockClear();
  for (let later = 1; later <= 100; later += 1) expect(peer(start + later)).toBe(proof);
  expect(x509Bundle).toHaveBeenCalledTimes(100); // one look-up each, and no verification
});

test('it holds to the last instant of the certificate and not beyond', async () => {
  const { peer, start } = await connected();
  const proof = peer(start);
  expect(peer(start + 10_000)).toBe(proof);
  expect(peer(start + 10_001)).toBe('identity_expired: identity_expired');
});

test('a clock that jumps back never revives an identity that was seen expired', async () => {
  const { peer, start } = await connected();
  expect(peer(start)).toMatchObject({ validUntil: start + 10_000 });
  expect(peer(start + 10_001)).toContain('identity_expired');
  expect(peer(start)).toContain('identity_expired');
});

test('a clock that is no number proves nothing', async () => {
  const { peer, start } = await connected();
  expect(peer(start)).toMatchObject({ validUntil: start + 10_000 });
  expect(peer(Number.NaN)).toContain('identity_expired');
});

test('another bundle: proven anew, with the same result while the authority is in it', async () => {
  const { tested, peer, start, trust } = await connected();
  const before = peer(start);
  const partner = tested.authority.trustDomain('partner.example');
  partner.rotateX509Authority();
  trust(partner.x509Bundle());
  const after = peer(start);
  expect(after).not.toBe(before);
  expect(after).toMatchObject({ bundle: partner.x509Bundle() });
  partner.retireX509Authorities();
  trust(partner.x509Bundle());
  expect(peer(start)).toContain('trust_withdrawn');
});

test('a bundle that is gone: withdrawn at once, and trusted again at once when it is back', async () => {
  const { tested, peer, start, trust } = await connected();
  expect(peer(start)).toMatchObject({ validUntil: start + 10_000 });
  trust(undefined);
  expect(peer(start)).toBe('trust_withdrawn: trust_domain_without_bundle');
  trust(tested.authority.trustDomain('partner.example').x509Bundle());
  expect(peer(start)).toMatchObject({ validUntil: start + 10_000 });
});

test('a failure is remembered for a second, so that many calls cost one check', async () => {
  const { peer, start, x509Bundle } = await connected('spiffe://stranger.example/a');
  expect(peer(start)).toBe('certificate_invalid: trust_domain_without_bundle');
  x509Bundle.mockClear();
  expect(peer(start + 999)).toContain('certificate_invalid');
  expect(x509Bundle).not.toHaveBeenCalled();
  expect(peer(start + 1000)).toContain('certificate_invalid');
  expect(x509Bundle).toHaveBeenCalledOnce();
});

test('a failure is forgotten as soon as trust changes', async () => {
  const { tested, peer, start, trust } = await connected();
  trust(undefined);
  expect(peer(start)).toContain('certificate_invalid');
  trust(tested.authority.trustDomain('partner.example').x509Bundle());
  expect(peer(start)).toMatchObject({ validUntil: start + 10_000 });
});

test('a foreign authority proves nothing, whatever the ID says', async () => {
  const { tested, facts, start } = await connected();
  const home = tested.authority.trustDomain('home.example');
  const forged = tested.authority.trustDomain('partner.example').issueForeignX509Svid('spiffe://home.example/admin');
  const bundles = { x509Bundle: () => home.x509Bundle() };
  const impostor = new Connection({ ...facts, peerChain: forged.certificates }, new PeerTrust(bundles), begun(0));
  expect(() => impostor.peer(start)).toThrow(expect.objectContaining({ code: 'certificate_invalid' }));
  const honest = new Connection(
    { ...facts, peerChain: tested.chainOf('spiffe://home.example/admin') },
    new PeerTrust(bundles),
    begun(0),
  );
  expect(honest.peer(start).id.toString()).toBe('spiffe://home.example/admin');
});

test.each([[[]], [[new Uint8Array()]], [[new Uint8Array(64)]]])('the chain %j is no proof', async (peerChain) => {
  const { facts, start, tested } = await connected();
  const bundles = { x509Bundle: () => tested.authority.trustDomain('home.example').x509Bundle() };
  const connection = new Connection({ ...facts, peerChain }, new PeerTrust(bundles), begun(0));
  expect(() => connection.peer(start)).toThrow(expect.objectContaining({ code: 'certificate_invalid' }));
  expect(connection.presentsCertificate).toBe(peerChain.length > 0);
});

test('a resumed session is refused, whatever it presents', async () => {
  const { facts, tested } = await connected();
  const bundles = { x509Bundle: () => tested.authority.trustDomain('home.example').x509Bundle() };
  const resumed = new Connection({ ...facts, resumed: true }, new PeerTrust(bundles), begun(0));
  expect(() => resumed.requireFullHandshake()).toThrow(expect.objectContaining({ code: 'session_resumed' }));
  new Connection(facts, new PeerTrust(bundles), begun(0)).requireFullHandshake();
});
