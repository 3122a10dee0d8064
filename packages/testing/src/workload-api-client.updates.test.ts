import type { X509SVID, X509SVIDResponse } from '@dirgate/workload-api';
import { describe, expect, test } from 'vitest';
import { eventually } from './test-support/eventually.js';
import { A, authority, B, C, connect, ID, logger, serialsOf, served, serveWorkload } from './test-support/served-client.js';

serveWorkload();

describe('updates', () => {
  test('a new CA brings a new SVID and a new bundle, and leaves the objects of other trust domains alone', async () => {
    const api = await connect();
    const before = { svid: api.x509Svid(), a: api.x509Bundle(A), b: api.x509Bundle(B), jwtA: api.jwtBundle(A) };
    authority.trustDomain('a.example').rotateX509Authority();
    await eventually(api, () => api.x509Svid() !== before.svid);
    expect(api.x509Bundle(A)?.authorities).toHaveLength(2);
    expect(api.x509Bundle(A)).not.toBe(before.a);
    expect(api.x509Bundle(B)).toBe(before.b);
    expect(api.jwtBundle(A)).toBe(before.jwtA);
  });

  test("a partner's new CA does not touch our SVID", async () => {
    const api = await connect();
    const before = { svid: api.x509Svid(), a: api.x509Bundle(A), b: api.x509Bundle(B) };
    authority.trustDomain('b.example').rotateX509Authority();
    await eventually(api, () => api.x509Bundle(B) !== before.b);
    expect(api.x509Svid()).toBe(before.svid);
    expect(api.x509Bundle(A)).toBe(before.a);
  });

  test('omission is removal, of X.509 and JWT bundles (W-13, TW-3)', async () => {
    const api = await connect();
    authority.unfederate('a.example', 'b.example');
    await eventually(api, () => !api.x509Bundle(B) && !api.jwtBundle(B));
    expect(api.x509Bundle(C)).toBeDefined();
    expect(api.jwtBundle(C)).toBeDefined();
  });

  test('JWT keys rotate and retire', async () => {
    const api = await connect();
    const [old] = api.jwtBundle(B)?.keyIds ?? [];
    authority.trustDomain('b.example').rotateJwtAuthority();
    await eventually(api, () => api.jwtBundle(B)?.keyIds.length === 2);
    authority.trustDomain('b.example').retireJwtAuthorities();
    await eventually(api, () => api.jwtBundle(B)?.keyIds.length === 1);
    expect(api.jwtBundle(B)?.keyIds).not.toContain(old);
  });

  test('a message that changes nothing is not told', async () => {
    const api = await connect();
    let told = 0;
    api.onChange(() => told++);
    const before = serialsOf(api);
    served.inject({});
    await served.rotate();
    await eventually(api, () => serialsOf(api) !== before);
    expect(told).toBe(1);
  });

  test('a listener that throws hinders nobody', async () => {
    const api = await connect();
    api.onChange(() => {
      throw new Error('mine');
    });
    const before = api.x509Svid();
    await served.rotate();
    await eventually(api, () => api.x509Svid() !== before);
    expect(logger.has('mine')).toBe(true);
  });
});

describe('messages that cannot be used', () => {
  const other = 'spiffe://a.example/other';

  // Each changes one thing of a correct message; the barrier afterwards proves that the message was seen.
  const bad: Record<string, (message: X509SVIDResponse) => X509SVIDResponse> = {
    'no SVID': (message) => ({ ...message, svids: [] }),
    'garbage for a chain': (message) => changed(message, { x509Svid: Buffer.from('garbage') }),
    'no chain': (message) => changed(message, { x509Svid: Buffer.alloc(0) }),
    'a truncated chain': (message) => changed(message, { x509Svid: firstOf(message).x509Svid.subarray(0, -1) }),
    'garbage for a key': (message) => changed(message, { x509SvidKey: Buffer.from('garbage') }),
    'no key': (message) => changed(message, { x509SvidKey: Buffer.alloc(0) }),
    'the key of another': (message) => changed(message, { x509SvidKey: issue(other).privateKey }),
    'garbage for our bundle': (message) => changed(message, { bundle: Buffer.from('garbage') }),
    'no bundle': (message) => changed(message, { bundle: Buffer.alloc(0) }),
    'an ID that the certificate does not have': (message) => changed(message, { spiffeId: other }),
    'no ID': (message) => changed(message, { spiffeId: '' }),
    'a second SVID that is broken': (message) => ({
      ...message,
      svids: [...message.svids, { ...firstOf(message), x509SvidKey: Buffer.from('garbage') }],
    }),
    'two bundles of our own trust domain': (message) => ({
      ...message,
      svids: [firstOf(message), { ...firstOf(message), bundle: otherBundleOf(message) }],
    }),
    'too many SVIDs': (message) => ({ ...message, svids: Array.from({ length: 101 }, () => firstOf(message)) }),
    'too many bundles': (message) => ({
      ...message,
      federatedBundles: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`spiffe://td${i}`, Buffer.from('x')])),
    }),
  };

  function firstOf({ svids }: X509SVIDResponse): X509SVID {
    const [first] = svids;
    if (!first) throw new Error('the authority serves no SVID');
    return first;
  }

  /** Ours, with an authority more. */
  function otherBundleOf(message: X509SVIDResponse): Uint8Array {
    return Buffer.concat([firstOf(message).bundle, authority.trustDomain('b.example').x509BundleDer()]);
  }

  function issue(id: string) {
    return authority.trustDomain('a.example').issueX509Svid(id);
  }

  function changed(message: X509SVIDResponse, fields: Partial<X509SVID>): X509SVIDResponse {
    return { ...message, svids: [{ ...firstOf(message), ...fields }] };
  }

  test('each is discarded whole, the state before it stays, and the next good one counts (TW-2, X-24)', async () => {
    const api = await connect({ limits: { maxBundles: 50 } });
    for (const [name, fault] of Object.entries(bad)) {
      const before = api.x509Svid();
      const bundle = api.x509Bundle(A);
      const lines = logger.lines.length;
      let told = 0;
      const stop = api.onChange(() => told++);
      served.inject({ x509Svids: fault });
      served.inject({ x509Svids: (message) => ({ ...message, federatedBundles: {} }) });
      await eventually(api, () => !api.x509Bundle(B));
      stop();
      expect([name, told]).toEqual([name, 1]);
      expect([name, api.x509Svid() === before, api.x509Bundle(A) === bundle]).toEqual([name, true, true]);
      const reports = logger.lines.slice(lines).filter((line) => line.includes('discarded'));
      expect([name, reports.length]).toEqual([name, 1]);
      served.inject({});
      await eventually(api, () => api.x509Bundle(B) !== undefined);
    }
    expect(served.callCount('FetchX509SVID')).toBe(1);
  });

  test('no report holds key or certificate text', async () => {
    const api = await connect();
    served.inject({ x509Svids: (message) => changed(message, { x509SvidKey: Buffer.from('secret garbage') }) });
    served.inject({});
    await logger.reported('discarded');
    expect(logger.lines.join('\n')).not.toContain('secret');
    expect(api.x509Svid()).toBeDefined();
  });

  test('garbage in one federated bundle costs that trust domain alone, in a message with our own rotation (TW-7)', async () => {
    const api = await connect();
    const before = { serial: serialsOf(api), c: api.x509Bundle(C) };
    served.inject({
      x509Svids: (message) => ({
        ...message,
        federatedBundles: { ...message.federatedBundles, 'spiffe://b.example': Buffer.from('garbage') },
      }),
    });
    await served.rotate();
    await eventually(api, () => serialsOf(api) !== before.serial);
    expect(api.x509Bundle(B)).toBeUndefined();
    expect(api.x509Bundle(C)).toBe(before.c);
    expect(logger.has('spiffe://b.example cannot be read')).toBe(true);
  });

  test('the same for JWT bundles; an empty key set is a revocation, not garbage', async () => {
    const api = await connect();
    const before = { a: api.jwtBundle(A), c: api.jwtBundle(C) };
    served.inject({
      jwtBundles: ({ bundles }) => ({
        bundles: { ...bundles, 'spiffe://b.example': Buffer.from('{'), 'spiffe://c.example': Buffer.from('{"keys":[]}') },
      }),
    });
    await eventually(api, () => !api.jwtBundle(B));
    expect(api.jwtBundle(A)).toBe(before.a);
    expect(api.jwtBundle(C)?.keyIds).toEqual([]);
  });

  test('a JWT message that is empty, or whose own bundle is garbage, is discarded', async () => {
    const api = await connect();
    const before = api.jwtBundle(A);
    served.inject({ jwtBundles: () => ({ bundles: {} }) });
    served.inject({ jwtBundles: ({ bundles }) => ({ bundles: { ...bundles, 'spiffe://a.example': Buffer.from('{') } }) });
    served.inject({
      jwtBundles: ({ bundles }) => ({ bundles: { 'spiffe://a.example': bundles['spiffe://a.example'] ?? Buffer.alloc(0) } }),
    });
    await eventually(api, () => !api.jwtBundle(B));
    expect(api.jwtBundle(A)).toBe(before);
    expect(logger.lines.filter((line) => line.includes('JWTBundlesResponse is discarded'))).toHaveLength(2);
  });

  test('our own trust domain among the federated ones, or under a second spelling, replaces nothing (TX-2, W-23)', async () => {
    const api = await connect();
    const before = { a: api.x509Bundle(A), b: api.x509Bundle(B), serial: serialsOf(api) };
    const foreign = authority.trustDomain('c.example').x509BundleDer();
    served.inject({
      x509Svids: (message) => ({
        ...message,
        federatedBundles: {
          ...message.federatedBundles,
          'spiffe://a.example': foreign,
          'spiffe://B.example': foreign,
          'SPIFFE://b.example': foreign,
          'spiffe://b.example/': foreign,
          'b.example': foreign,
        },
      }),
    });
    await served.rotate();
    await eventually(api, () => serialsOf(api) !== before.serial);
    expect(api.x509Bundle(A)).toBe(before.a);
    expect(api.x509Bundle(B)).toBe(before.b);
    expect(logger.has('name our own trust domain spiffe://a.example')).toBe(true);
    for (const key of ['spiffe://B.example', 'SPIFFE://b.example', 'spiffe://b.example/', 'b.example']) {
      expect(logger.has(`"${key}" is no trust domain ID`)).toBe(true);
    }
  });

  test('a problem that every message has is told once, and again after a message without it', async () => {
    const api = await connect();
    const odd = (message: X509SVIDResponse) => ({
      ...message,
      federatedBundles: { ...message.federatedBundles, 'b.example': Buffer.from('x') },
    });
    for (const fault of [odd, odd, undefined, odd]) {
      served.inject(fault ? { x509Svids: fault } : {});
      const before = serialsOf(api);
      await served.rotate();
      await eventually(api, () => serialsOf(api) !== before);
    }
    expect(logger.lines.filter((line) => line.includes('"b.example" is no trust domain ID'))).toHaveLength(2);
  });

  test('of two SVIDs with one hint the first counts (W-17); a hint too long is ignored', async () => {
    const second = issue(other);
    served.inject({
      x509Svids: (message) => {
        const first = firstOf(message);
        const entry = { ...first, spiffeId: other, x509Svid: second.chain, x509SvidKey: second.privateKey };
        const hinted = [
          { ...first, hint: 'h' },
          { ...entry, hint: 'h' },
          { ...entry, hint: 'x'.repeat(1025) },
        ];
        return { ...message, svids: hinted };
      },
    });
    const api = await connect();
    expect(api.x509Svids().map(({ id, hint }) => [id.toString(), hint])).toEqual([
      [ID, 'h'],
      [other, ''],
    ]);
  });
});
