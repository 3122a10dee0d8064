import { parseSpiffeId } from '@dirgate/spiffe';
import { fetchX509Svids, watchX509Svids, type X509SVID, type X509SVIDResponse } from '@dirgate/workload-api';
import { describe, expect, test } from 'vitest';
import { eventually } from './test-support/eventually.js';
import { A, authority, B, C, connect, ID, logger, served, serveWorkload } from './test-support/served-client.js';
import type { X509SvidMaterial } from './x509-svid-material.js';

serveWorkload();

/** The message with one SVID, of which some fields are others. */
function changed(message: X509SVIDResponse, fields: Partial<X509SVID>): X509SVIDResponse {
  return { ...message, svids: message.svids.slice(0, 1).map((svid) => ({ ...svid, ...fields })) };
}

describe('SVIDs that their own bundle does not prove: trust that was taken away is gone, the SVID from before stays (X-24)', () => {
  const mine = () => authority.trustDomain('a.example');

  /** From now on each message has this SVID, and partners or none. */
  function pin({ chain, privateKey }: X509SvidMaterial, hasPartners = true): void {
    served.inject({
      x509Svids: (message) => {
        const { svids, federatedBundles } = changed(message, { x509Svid: chain, x509SvidKey: privateKey });
        return { ...message, svids, federatedBundles: hasPartners ? federatedBundles : {} };
      },
    });
  }

  test('an authority of ours is revoked, and a partner omitted, before our SVID was replaced', async () => {
    const old = mine().issueX509Svid(ID);
    pin(old);
    const api = await connect();
    mine().rotateX509Authority();
    await eventually(api, () => api.x509Bundle(A)?.authorities.length === 2);
    const before = { svid: api.x509Svid() };
    expect(api.x509Bundle(B)).toBeDefined();
    let told = 0;
    api.onChange(() => told++);
    const revoked = { x509Svid: old.chain, x509SvidKey: old.privateKey, bundle: newest() };
    served.inject({ x509Svids: (message) => ({ ...changed(message, revoked), federatedBundles: {} }) });
    await eventually(api, () => api.x509Bundle(A)?.authorities.length === 1);
    expect([api.x509Bundle(B), api.x509Bundle(C)]).toEqual([undefined, undefined]);
    expect(told).toBe(1);
    expect(api.x509Svid()).toBe(before.svid);
    await api.waitFor(() => api.status().state === 'stale');
    expect(api.status().lastError).toMatchObject({
      code: 'response_invalid',
      message: expect.stringMatching(/SVIDs .* are discarded, its bundles take effect: SVID 0: issuer_untrusted/),
    });
    served.endStreams();
    await expect.poll(() => served.callCount('FetchX509SVID'), { timeout: 15_000 }).toBe(2);
    // The next good message: all is as it should be.
    served.inject({});
    await api.waitFor(() => api.status().state === 'ready');
    expect(api.x509Svid()).not.toBe(before.svid);
    expect(api.x509Bundle(A)?.authorities).toHaveLength(2);
    expect(api.x509Bundle(B)).toBeDefined();
    expect(logger.lines.filter((line) => line.includes('are discarded'))).toHaveLength(1);
  });

  /** The bundle of ours without the authorities that there were before. */
  function newest(): Uint8Array {
    const [first] = mine().x509Bundle().authorities;
    if (!first) throw new Error('there is no authority');
    return new Uint8Array(first.der);
  }

  test('an SVID that has expired', async () => {
    const api = await connect();
    const before = { svid: api.x509Svid(), a: api.x509Bundle(A) };
    pin(mine().issueX509Svid(ID, { expiresAt: Date.now() - 1000 }), false);
    await eventually(api, () => api.x509Bundle(B) === undefined);
    expect([api.x509Svid() === before.svid, api.x509Bundle(A) === before.a]).toEqual([true, true]);
    await logger.reported('SVID 0: certificate_expired');
    served.inject({});
    await eventually(api, () => api.x509Bundle(B) !== undefined);
    await api.waitFor(() => api.status().state === 'ready');
  });

  test('an identity that is left out beside one that is not proven is withdrawn (W-20)', async () => {
    const other = 'spiffe://a.example/other';
    const several = await authority.serveWorkloadApi({ id: [ID, other] });
    const expired = mine().issueX509Svid(other, { expiresAt: Date.now() - 1000 });
    const unproven = (svid: X509SVID): X509SVID =>
      svid.spiffeId === other ? { ...svid, x509Svid: expired.chain, x509SvidKey: expired.privateKey } : svid;
    const api = await connect({ address: several.address });
    const strict = await connect({ address: several.address, select: ({ id }) => id.toString() === ID });
    const [mineBefore, otherBefore] = api.x509Svids();
    // The control: both are named, and nothing changes but what is said of it.
    several.inject({ x509Svids: (message) => ({ ...message, svids: message.svids.map(unproven) }) });
    await Promise.all([api, strict].map((each) => each.waitFor(() => each.status().state === 'stale')));
    expect([api.x509Svids(), strict.x509Svid()]).toEqual([[mineBefore, otherBefore], mineBefore]);
    await api.fetchJwtSvid({ audience: 'me', subject: parseSpiffeId(ID) });
    several.inject({
      x509Svids: (message) => ({ ...message, svids: message.svids.slice(1).map(unproven) }),
      jwtSvids: (message) => ({ svids: message.svids.slice(1) }),
    });
    await eventually(api, () => api.x509Svid() === otherBefore);
    expect(api.x509Svids()).toEqual([otherBefore]);
    await eventually(strict, () => strict.x509Svid() === undefined);
    await strict.waitFor(() => strict.status().state === 'withdrawn');
    await expect(api.fetchJwtSvid({ audience: 'me', subject: parseSpiffeId(ID) })).rejects.toMatchObject({
      code: 'response_invalid',
    });
    several.inject({});
    await Promise.all([api, strict].map((each) => each.waitFor(() => each.status().state === 'ready')));
    expect(api.x509Svids().map(({ id }) => id.toString())).toEqual([ID, other]);
  });

  test('where there was no SVID before, there is none, and a single call refuses', async () => {
    pin(mine().issueX509Svid(ID, { expiresAt: Date.now() - 1000 }));
    const connecting = connect();
    await logger.reported('SVID 0: certificate_expired');
    await expect(fetchX509Svids({ address: served.address })).rejects.toMatchObject({ code: 'response_invalid' });
    served.inject({});
    expect((await connecting).x509Svid()?.id.toString()).toBe(ID);
    pin(mine().issueX509Svid(ID, { expiresAt: Date.now() - 1000 }));
    await expect(connect({ firstUpdateTimeoutMs: 300 })).rejects.toMatchObject({
      code: 'first_update_timeout',
      message: expect.stringContaining('certificate_expired'),
    });
  });

  test('a watcher is given the bundles with the SVID from before, and told why', async () => {
    const errors: string[] = [];
    const states = watchX509Svids({ address: served.address, onError: ({ message }) => errors.push(message) });
    const { value: first } = await states.next();
    expect([...first.bundles.keys()]).toContain('b.example');
    pin(mine().issueX509Svid(ID, { expiresAt: Date.now() - 1000 }), false);
    const { value: second } = await states.next();
    expect([...second.bundles.keys()]).toEqual(['a.example']);
    expect(second.svids).toEqual(first.svids);
    await expect.poll(() => errors.join(), { timeout: 15_000 }).toContain('SVID 0: certificate_expired');
    expect(await states.return(undefined as never)).toMatchObject({ done: true });
  });
});
