import { setTimeout as sleep } from 'node:timers/promises';
import { parseSpiffeId, verifyJwtSvid } from '@dirgate/spiffe';
import { status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import { eventually } from './test-support/eventually.js';
import {
  A,
  authority,
  B,
  connect,
  ID,
  logger,
  serialsOf,
  serveAgain,
  served,
  serveWorkload,
} from './test-support/served-client.js';
import { WorkloadApiRefusal } from './workload-api-refusal.js';

serveWorkload();

describe('interruptions', () => {
  test('a clean end is followed by a new stream (W-11)', async () => {
    const api = await connect();
    const before = serialsOf(api);
    served.endStreams();
    await logger.reported('the endpoint ended the stream');
    await served.rotate();
    await eventually(api, () => serialsOf(api) !== before);
    expect(served.callCount('FetchX509SVID')).toBeGreaterThan(1);
  });

  test('an agent restarted on the same path is found again; until then all stays as it was', async () => {
    const api = await connect();
    const before = { serial: serialsOf(api), a: api.x509Bundle(A), b: api.x509Bundle(B), jwt: api.jwtBundle(A) };
    const { address } = served;
    await served.close();
    await logger.reported('ENOENT');
    expect(serialsOf(api)).toBe(before.serial);
    expect(api.x509Bundle(A)).toBe(before.a);
    await serveAgain(address);
    await eventually(api, () => serialsOf(api) !== before.serial);
    expect(api.x509Bundle(A)).toBe(before.a);
    expect(api.x509Bundle(B)).toBe(before.b);
    expect(api.jwtBundle(A)).toBe(before.jwt);
  });

  test('what was withdrawn is dropped after the grace, and comes back (W-20)', async () => {
    const api = await connect({ withdrawGraceMs: 50 });
    await api.fetchJwtSvid({ audience: 'me' });
    await served.withdraw();
    await logger.reported('PERMISSION_DENIED');
    expect(api.x509Svid()).toBeDefined();
    await eventually(api, () => !api.x509Svid() && !api.jwtBundle(A));
    expect(api.x509Bundle(A)).toBeUndefined();
    expect(api.x509Svids()).toEqual([]);
    await expect(api.fetchJwtSvid({ audience: 'me' })).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
    await served.restore();
    await eventually(api, () => api.x509Svid() !== undefined && api.jwtBundle(A) !== undefined);
  });

  test('the grace counts from the first denial, whatever else the endpoint fails with until it is over', async () => {
    const refuse = (code: status): void =>
      served.inject({
        x509Svids: () => {
          throw new WorkloadApiRefusal(code, 'scripted');
        },
      });
    const api = await connect({ withdrawGraceMs: 100 });
    refuse(status.UNAVAILABLE);
    await logger.reported('FetchX509SVID: UNAVAILABLE');
    expect(api.x509Svid()).toBeDefined();
    refuse(status.PERMISSION_DENIED);
    await logger.reported('FetchX509SVID: PERMISSION_DENIED');
    refuse(status.INTERNAL);
    await eventually(api, () => !api.x509Svid() && !api.x509Bundle(A));
    expect(api.jwtBundle(A)).toBeDefined();
    expect(api.status().state).toBe('withdrawn');
  });

  test('tokens end with the identity, also where the endpoint goes on serving JWT bundles (W-20)', async () => {
    const api = await connect({ withdrawGraceMs: 0 });
    await api.fetchJwtSvid({ audience: 'me' });
    const deny = (): never => {
      throw new WorkloadApiRefusal(status.PERMISSION_DENIED, 'no identity issued');
    };
    served.inject({ x509Svids: deny, jwtSvids: deny });
    await eventually(api, () => !api.x509Svid());
    expect(api.jwtBundle(A)).toBeDefined();
    await expect(api.fetchJwtSvid({ audience: 'me' })).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
  });

  test('the token of an identity that a message leaves out is not served any more (W-20)', async () => {
    const gone = 'spiffe://a.example/gone';
    const several = await authority.serveWorkloadApi({ id: [gone, ID] });
    const api = await connect({ address: several.address });
    expect((await api.fetchJwtSvid({ audience: 'me' })).id.toString()).toBe(gone);
    several.inject({
      x509Svids: (message) => ({ ...message, svids: message.svids.slice(1) }),
      jwtSvids: (message) => ({ svids: message.svids.slice(1) }),
    });
    await eventually(api, () => api.x509Svids().length === 1);
    expect((await api.fetchJwtSvid({ audience: 'me' })).id.toString()).toBe(ID);
  });

  test('a withdrawal that is taken back within the grace leaves no gap', async () => {
    const withdrawGraceMs = 1000;
    const api = await connect({ withdrawGraceMs });
    const before = { serial: serialsOf(api), a: api.x509Bundle(A) };
    let gap = false;
    api.onChange(() => {
      gap ||= !api.x509Svid() || !api.jwtBundle(A);
    });
    await served.withdraw();
    await logger.reported('PERMISSION_DENIED');
    await served.restore();
    await eventually(api, () => serialsOf(api) !== before.serial);
    // The only wait of this file: what must not happen would happen now.
    await sleep(withdrawGraceMs + 100);
    expect(gap).toBe(false);
    expect(api.x509Bundle(A)).toBe(before.a);
  });
});

describe('JWT-SVIDs', () => {
  test('a token is fetched once, and again for another audience or subject', async () => {
    const api = await connect();
    const [one, same] = await Promise.all([api.fetchJwtSvid({ audience: 'me' }), api.fetchJwtSvid({ audience: ['me'] })]);
    expect(one.id.toString()).toBe(ID);
    expect(same).toBe(one);
    expect(await api.fetchJwtSvid({ audience: 'me' })).toBe(one);
    expect(served.callCount('FetchJWTSVID')).toBe(1);
    const verified = verifyJwtSvid(one.token, api, { audience: ['me'], now: Date.now() });
    expect(verified.expiresAt).toBe(one.expiresAt);
    await api.fetchJwtSvid({ audience: 'you' });
    expect(served.callCount('FetchJWTSVID')).toBe(2);
    await api.fetchJwtSvid({ audience: 'me', subject: parseSpiffeId(ID) });
    expect(served.callCount('FetchJWTSVID')).toBe(3);
  });

  test('a subject that is not ours is denied', async () => {
    const api = await connect();
    const fetch = api.fetchJwtSvid({ audience: 'me', subject: parseSpiffeId('spiffe://a.example/other') });
    await expect(fetch).rejects.toMatchObject({
      code: 'jwt_svid_unavailable',
      message: expect.stringContaining('PERMISSION_DENIED'),
    });
  });

  test('an answer that does not fit the question is refused', async () => {
    const api = await connect();
    const domain = authority.trustDomain('a.example');
    const answers = {
      none: [],
      empty: [{ spiffeId: ID, svid: '' }],
      garbage: [{ spiffeId: ID, svid: 'garbage' }],
      'other audience': [{ spiffeId: ID, svid: await domain.issueJwtSvid(ID, { audience: 'you' }) }],
      'other subject': [{ spiffeId: ID, svid: await domain.issueJwtSvid('spiffe://a.example/x', { audience: 'me' }) }],
      expired: [{ spiffeId: ID, svid: await domain.issueJwtSvid(ID, { audience: 'me', expiresAt: Date.now() - 1000 }) }],
    };
    for (const [name, svids] of Object.entries(answers)) {
      served.inject({ jwtSvids: () => ({ svids }) });
      await expect(api.fetchJwtSvid({ audience: 'me' }), name).rejects.toMatchObject({ code: 'response_invalid' });
    }
    served.inject({});
    expect((await api.fetchJwtSvid({ audience: 'me' })).id.toString()).toBe(ID);
  });

  test('an agent that is away for a moment is waited for', async () => {
    const api = await connect();
    let calls = 0;
    served.inject({
      jwtSvids: (message) => {
        calls += 1;
        if (calls === 1) throw new WorkloadApiRefusal(status.UNAVAILABLE, 'starting');
        return message;
      },
    });
    expect((await api.fetchJwtSvid({ audience: 'me' })).id.toString()).toBe(ID);
    expect(calls).toBe(2);
  });
});

describe('closing', () => {
  test('takes all away, tells so once, and refuses tokens', async () => {
    const api = await connect();
    let told = 0;
    api.onChange(() => told++);
    await api.close();
    await api.close();
    expect(told).toBe(1);
    expect(api.x509Svid()).toBeUndefined();
    expect(api.x509Bundle(A)).toBeUndefined();
    expect(api.jwtBundle(A)).toBeUndefined();
    await expect(api.fetchJwtSvid({ audience: 'me' })).rejects.toMatchObject({ code: 'closed' });
    const calls = served.callCount('FetchX509SVID');
    served.endStreams();
    await connect();
    expect(served.callCount('FetchX509SVID')).toBe(calls + 1);
  });

  test('while the endpoint denies: the grace ends with it', async () => {
    const withdrawGraceMs = 123_456;
    const made = vi.spyOn(globalThis, 'setTimeout');
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    try {
      const api = await connect({ withdrawGraceMs });
      await served.withdraw();
      await logger.reported('FetchX509SVID: PERMISSION_DENIED');
      await api.close();
      const graces = made.mock.results.filter((_, index) => made.mock.calls[index]?.[1] === withdrawGraceMs);
      expect(graces).not.toHaveLength(0);
      for (const { value } of graces) expect(cleared.mock.calls.some(([timer]) => timer === value)).toBe(true);
    } finally {
      made.mockRestore();
      cleared.mockRestore();
    }
  });

  test('works while the agent is away, and while a token is being fetched', async () => {
    const api = await connect();
    served.inject({ jwtSvids: () => undefined });
    const fetch = api.fetchJwtSvid({ audience: 'me' });
    const refused = expect(fetch).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
    await served.close();
    await logger.reported('UNAVAILABLE');
    await api[Symbol.asyncDispose]();
    await refused;
  });
});
