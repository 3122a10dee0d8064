import { parseTrustDomain, type X509Bundle } from '@dirgate/spiffe';
import { describe, expect, test, vi } from 'vitest';
import { TestedGuard } from '../test-support/tested-guard.js';
import { Connection, type ConnectionStart } from './connection.js';
import { PeerTrust } from './peer-trust.js';
import { renewalInstant } from './renewal.js';

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
  return { tested, connection, facts, peerTrust, trust, peer, x509Bundle, start: tested.now };
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

test('nor on another connection of the same peer', async () => {
  const { connection, facts, peerTrust, start } = await connected();
  const again = () => new Connection(facts, peerTrust, begun(start)).peer(start);
  connection.peer(start);
  expect(again().validUntil).toBe(start + 10_000);
  expect(() => new Connection(facts, peerTrust, begun(start)).peer(start + 10_001)).toThrow(
    expect.objectContaining({ code: 'certificate_invalid', reasons: ['certificate_expired'] }),
  );
  expect(again).toThrow(expect.objectContaining({ code: 'certificate_invalid' }));
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

test('a peer that comes back with the same chain costs a look-up', async () => {
  const { connection, facts, peerTrust, start } = await connected();
  expect(new Connection(facts, peerTrust, begun(start)).peer(start)).toBe(connection.peer(start));
});

describe('the peer is asked to dial anew', () => {
  /** A connection whose peer presents a certificate of ten seconds, and that counts how often it asked. */
  async function asking(presentedUntil = Number.POSITIVE_INFINITY, id?: string) {
    const world = await connected(id);
    const askToRenew = vi.fn();
    const start: ConnectionStart = { openedAt: world.start, spread: 0, askToRenew };
    const presented = { validFrom: world.start - 60_000, validUntil: world.start + presentedUntil };
    const facts = { ...world.facts, ...(Number.isFinite(presentedUntil) && { presented }) };
    const connection = new Connection(facts, world.peerTrust, start);
    const askedAt = (laterMs: number): number => {
      connection.check(world.start + laterMs);
      return askToRenew.mock.calls.length;
    };
    return { ...world, connection, askToRenew, askedAt };
  }

  test('ahead of the end of what it presented, once', async () => {
    const { connection, askedAt, start } = await asking();
    expect(connection.dueAt).toBe(Number.POSITIVE_INFINITY); // nothing is known before its first call
    connection.peer(start);
    expect(connection.dueAt).toBe(start + 5000); // opened a minute after notBefore, within three leads: half of what remained
    expect([askedAt(4999), askedAt(5000), askedAt(5001)]).toEqual([0, 1, 1]);
    expect(connection.dueAt).toBe(Number.POSITIVE_INFINITY);
    expect(connection.peer(start + 10_000).id.path).toBe('/a'); // its calls go on until the end itself
    expect(askedAt(20_000)).toBe(1);
  });

  test.each([
    ['earlier', 8000, 4000],
    ['later', 3_600_000, 5000],
  ])('ahead of the end of what we presented, when that comes %s', async (_name, presentedUntil, expected) => {
    const { connection, askedAt, start } = await asking(presentedUntil);
    connection.peer(start);
    expect([askedAt(expected - 1), askedAt(expected)]).toEqual([0, 1]);
  });

  test('for what we presented alone when it presented nothing', async () => {
    const { peerTrust, facts, start } = await connected();
    const askToRenew = vi.fn();
    const presented = { validFrom: start, validUntil: start + 100_000 };
    const connection = new Connection({ ...facts, peerChain: [], presented }, peerTrust, {
      openedAt: start,
      spread: 1,
      askToRenew,
    });
    expect(connection.dueAt).toBe(start + 80_000); // a tenth, and another for the spread
    connection.check(start + 80_000);
    expect(askToRenew).toHaveBeenCalledOnce();
  });

  test('a second after a refusal, unless it was proven meanwhile', async () => {
    const { connection, askedAt, start, trust, tested } = await asking();
    const bundle = tested.authority.trustDomain('partner.example').x509Bundle();
    trust(undefined);
    expect(() => connection.peer(start)).toThrow();
    connection.refused(start);
    connection.refused(start + 500);
    expect(connection.dueAt).toBe(start + 1000);
    trust(bundle);
    connection.peer(start + 600);
    expect([askedAt(1000), connection.dueAt]).toEqual([0, start + 5000]);
    trust(undefined);
    expect(askedAt(1100)).toBe(0); // seen by itself, without a call
    expect([askedAt(2099), askedAt(2100)]).toEqual([0, 1]);
  });

  test('a throw of whoever should ask goes nowhere, and the peer stays proven', async () => {
    const { connection, askToRenew, askedAt, start } = await asking();
    connection.peer(start);
    askToRenew.mockImplementation(() => {
      throw new Error('broken');
    });
    expect([askedAt(4999), askedAt(5000), askedAt(5001)]).toEqual([0, 1, 1]);
    expect(connection.peer(start + 5001).id.path).toBe('/a');
  });

  test.each([
    ['a fresh certificate of an hour', 0, 3_600_000, 0, 0, 3_540_000],
    ['the same, spread out', 0, 3_600_000, 0, 1, 3_480_000],
    ['a fresh certificate of twenty seconds', 0, 20_000, 0, 0, 18_000],
    ['opened more than three leads ahead of its end', 0, 20_000, 13_999, 1, 16_000],
    ['opened later than that', 0, 20_000, 14_000, 1, 17_000],
    ['the same, of an hour', 0, 3_600_000, 3_500_000, 0, 3_550_000],
    ['opened within its lead', 0, 20_000, 18_000, 0, 20_001],
    ['the same, of an hour', 0, 3_600_000, 3_540_000, 1, 3_600_001],
    ['a fresh certificate of six seconds, dated back by a minute', 0, 66_000, 60_000, 0, 63_000],
    ['the same, opened when it was nearly over', 0, 66_000, 65_400, 0, 66_001],
    ['opened when it was over', 0, 20_000, 20_000, 0, 21_000],
  ])('%s: in time, and not in a circle', (_name, validFrom, validUntil, openedAt, spread, expected) => {
    expect(renewalInstant({ validFrom, validUntil }, openedAt, spread)).toBe(expected);
  });
});
