import { parseSpiffeId, type VerifiedJwtSvid, verifyJwtSvid, verifyX509Svid } from '@dirgate/spiffe';
import {
  fetchJwtBundles,
  fetchJwtSvids,
  fetchX509Bundles,
  fetchX509Svids,
  validateJwtSvid,
  type WorkloadApiCallOptions,
  type WorkloadApiError,
  watchJwtBundles,
  watchX509Bundles,
  watchX509Svids,
} from '@dirgate/workload-api';
import { status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import { authority, ID, logger, serveAgain, served, serveWorkload } from './test-support/served-client.js';
import { WorkloadApiRefusal } from './workload-api-refusal.js';

serveWorkload();

const B_ID = 'spiffe://b.example/x';

function at(): WorkloadApiCallOptions {
  return { address: served.address, logger };
}

const calls: Record<string, (options: WorkloadApiCallOptions) => Promise<unknown>> = {
  fetchX509Svids,
  fetchX509Bundles,
  fetchJwtSvids: (options) => fetchJwtSvids({ audience: 'me' }, options),
  fetchJwtBundles,
  validateJwtSvid: async (options) =>
    validateJwtSvid(await authority.trustDomain('b.example').issueJwtSvid(B_ID, { audience: 'me' }), 'me', options),
  watchX509Svids: (options) => watchX509Svids(options).next(),
  watchX509Bundles: (options) => watchX509Bundles(options).next(),
  watchJwtBundles: (options) => watchJwtBundles(options).next(),
};

const RPCS = ['FetchX509SVID', 'FetchX509Bundles', 'FetchJWTBundles', 'FetchJWTSVID', 'ValidateJWTSVID'] as const;

function countCalls(): number {
  return RPCS.reduce((sum, name) => sum + served.callCount(name), 0);
}

/** Whatever is asked, this is the answer. */
function answerAll(answer: () => undefined): void {
  served.inject({ x509Svids: answer, x509Bundles: answer, jwtBundles: answer, jwtSvids: answer, validateJwtSvid: answer });
}

function refuseAll(code: status): void {
  answerAll(() => {
    throw new WorkloadApiRefusal(code, 'scripted');
  });
}

describe('each call', () => {
  test.each(Object.entries(calls))('%s: works, and ends when aborted, before and while it is under way', async (_name, call) => {
    expect(await call(at())).toBeDefined();
    await expect(call({ ...at(), signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    const controller = new AbortController();
    const before = countCalls();
    // The endpoint has been asked, and says nothing.
    answerAll(() => {
      if (countCalls() > before) controller.abort();
      return undefined;
    });
    await expect(call({ ...at(), signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(countCalls()).toBe(before + 1);
  });

  test.each(Object.entries(calls).filter(([name]) => name.startsWith('fetch') || name.startsWith('validate')))(
    '%s: has a deadline, and an error for each kind of answer',
    async (_name, call) => {
      answerAll(() => undefined);
      await expect(call({ ...at(), timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' });
      refuseAll(status.PERMISSION_DENIED);
      await expect(call(at())).rejects.toMatchObject({ code: 'permission_denied', message: expect.stringContaining('scripted') });
      refuseAll(status.UNIMPLEMENTED);
      await expect(call(at())).rejects.toMatchObject({ code: 'not_supported' });
      refuseAll(status.INTERNAL);
      await expect(call(at())).rejects.toMatchObject({ code: 'unavailable' });
      await expect(call({ ...at(), address: '/run/x.sock' })).rejects.toMatchObject({ code: 'address_invalid' });
      await expect(call({ ...at(), timeoutMs: -1 })).rejects.toMatchObject({ code: 'option_invalid' });
      await served.close();
      await expect(call(at())).rejects.toMatchObject({ code: 'unavailable' });
    },
  );

  test('an endpoint that ends the stream without a message gave no answer', async () => {
    answerAll(() => undefined);
    const rejected = expect(fetchX509Svids(at())).rejects.toMatchObject({ code: 'unavailable' });
    await expect.poll(() => served.callCount('FetchX509SVID'), { timeout: 15_000 }).toBe(1);
    served.endStreams();
    await rejected;
  });
});

describe('answers', () => {
  test('SVIDs with the bundles that prove them', async () => {
    const { svids, bundles } = await fetchX509Svids(at());
    expect(svids.map(({ id }) => id.toString())).toEqual([ID]);
    expect([...bundles.keys()].sort()).toEqual(['a.example', 'b.example', 'c.example']);
    const source = { x509Bundle: ({ name }: { name: string }) => bundles.get(name) };
    expect(verifyX509Svid(svids[0]?.chain ?? [], source, { now: Date.now(), usage: 'client' }).id.toString()).toBe(ID);
    expect([...(await fetchX509Bundles(at())).keys()].sort()).toEqual([...bundles.keys()].sort());
    expect((await fetchJwtBundles(at())).get('b.example')?.keyIds).toHaveLength(1);
  });

  test('one token for each identity, or the one that was asked for', async () => {
    const other = 'spiffe://a.example/other';
    const { address } = await authority.serveWorkloadApi({ id: [ID, other] });
    const all = await fetchJwtSvids({ audience: ['me', 'you', 'me'] }, { address });
    expect(all.map(({ id }) => id.toString())).toEqual([ID, other]);
    const one = await fetchJwtSvids({ audience: 'me', subject: parseSpiffeId(other) }, { address });
    expect(one.map(({ id }) => id.toString())).toEqual([other]);
    await expect(fetchJwtSvids({ audience: [] }, { address })).rejects.toMatchObject({ code: 'option_invalid' });
  });

  test('of garbage: discarded, or only the trust domain concerned (W-14, TW-7)', async () => {
    served.inject({ x509Svids: () => ({ svids: [] }), x509Bundles: () => ({}), jwtBundles: () => ({}) });
    for (const call of [fetchX509Svids, fetchX509Bundles, fetchJwtBundles]) {
      await expect(call(at())).rejects.toMatchObject({ code: 'response_invalid' });
    }
    const garbage = (bundles: Record<string, Uint8Array>) => ({ ...bundles, 'spiffe://b.example': Buffer.from('garbage') });
    served.inject({
      x509Svids: (message) => ({ ...message, federatedBundles: garbage(message.federatedBundles) }),
      x509Bundles: ({ bundles }) => ({ bundles: garbage(bundles) }),
      jwtBundles: ({ bundles }) => ({ bundles: garbage(bundles) }),
    });
    const left = [(await fetchX509Svids(at())).bundles, await fetchX509Bundles(at()), await fetchJwtBundles(at())];
    for (const bundles of left) expect([...bundles.keys()].sort()).toEqual(['a.example', 'c.example']);
    expect(logger.lines.filter((line) => line.includes('spiffe://b.example cannot be read'))).toHaveLength(3);
  });
});

describe('ValidateJWTSVID (J-25)', () => {
  test('one verdict, whoever gives it: local validation or the endpoint', async () => {
    const bundles = await fetchJwtBundles(at());
    const b = authority.trustDomain('b.example');
    const local = (token: string): VerifiedJwtSvid =>
      verifyJwtSvid(token, { jwtBundle: ({ name }) => bundles.get(name) }, { audience: ['me'], now: Date.now() });
    const good = await b.issueJwtSvid(B_ID, { audience: ['me', 'you'], claims: { list: [{ n: 1 }] } });
    const verdict = await validateJwtSvid(good, 'me', at());
    const { id, audience, expiresAt, claims } = local(good);
    expect(verdict).toEqual({ id, audience, expiresAt, claims: expect.anything() });
    expect(JSON.parse(JSON.stringify(verdict.claims))).toEqual(JSON.parse(JSON.stringify(claims)));
    expect(Object.isFrozen(verdict.claims) && Object.isFrozen(verdict)).toBe(true);
    const bad = {
      'another audience': await b.issueJwtSvid(B_ID, { audience: 'you' }),
      expired: await b.issueJwtSvid(B_ID, { audience: 'me', expiresAt: Date.now() - 60_000 }),
      forged: await b.issueJwtSvid(B_ID, { audience: 'me', signedBy: 'forged' }),
      'an unknown key': await b.issueJwtSvid(B_ID, { audience: 'me', signedBy: 'unknown-key' }),
      "another trust domain's": await b.issueForeignJwtSvid('spiffe://c.example/x', { audience: 'me' }),
      garbage: 'garbage',
      nothing: '',
    };
    for (const [name, token] of Object.entries(bad)) {
      expect(() => local(token), name).toThrow();
      await expect(validateJwtSvid(token, 'me', at()), name).rejects.toMatchObject({ code: 'jwt_svid_invalid' });
    }
    expect(served.callCount('ValidateJWTSVID')).toBe(5);
  });

  test('exactly one audience (W-22), and an answer that fits the question (W-14)', async () => {
    const token = await authority.trustDomain('b.example').issueJwtSvid(B_ID, { audience: 'me' });
    for (const audience of ['', ['me'] as unknown as string]) {
      await expect(validateJwtSvid(token, audience, at())).rejects.toMatchObject({ code: 'option_invalid' });
    }
    expect(served.callCount('ValidateJWTSVID')).toBe(0);
    const good = { spiffeId: B_ID, claims: { sub: B_ID } };
    served.inject({ validateJwtSvid: () => good });
    expect((await validateJwtSvid(token, 'me', at())).id.toString()).toBe(B_ID);
    for (const answer of [
      { ...good, spiffeId: '' },
      { spiffeId: B_ID },
      { ...good, claims: {} },
      { ...good, spiffeId: ID },
      { ...good, claims: { sub: ID } },
    ]) {
      served.inject({ validateJwtSvid: () => answer });
      await expect(validateJwtSvid(token, 'me', at())).rejects.toMatchObject({ code: 'response_invalid' });
    }
  });
});

describe('watching', () => {
  const quick = () => ({ ...at(), backoff: { initialMs: 5, maxMs: 20 } });

  test('yields what changes, through ends of the stream and restarts; one that did not change is the same object', async () => {
    const errors: WorkloadApiError[] = [];
    const states = watchX509Svids({ ...quick(), onError: (error) => errors.push(error) });
    const first = (await states.next()).value;
    await served.rotate();
    const second = (await states.next()).value;
    expect(second.svids[0]).not.toBe(first.svids[0]);
    expect(second.bundles.get('b.example')).toBe(first.bundles.get('b.example'));
    const { address } = served;
    await served.close();
    await vi.waitFor(() => expect(errors.map(({ code }) => code)).toContain('unavailable'), 15_000);
    await serveAgain(address);
    const third = (await states.next()).value;
    expect(third.svids[0]).not.toBe(second.svids[0]);
    expect(third.bundles.get('b.example')).toBe(first.bundles.get('b.example'));
    await states.return(undefined as never);
  });

  test('waits that make no sense are refused at once', async () => {
    for (const backoff of [{ initialMs: 0 }, { maxMs: Number.NaN }]) {
      for (const watch of [watchX509Svids, watchX509Bundles, watchJwtBundles]) {
        await expect(watch({ ...at(), backoff }).next()).rejects.toMatchObject({ code: 'option_invalid' });
      }
    }
    expect(served.callCount('FetchX509SVID')).toBe(0);
  });

  test('who is slow gets the newest', async () => {
    const states = watchX509Bundles(quick());
    await states.next();
    const { callCount } = served;
    for (let i = 0; i < 3; i++) authority.trustDomain('b.example').rotateX509Authority();
    await vi.waitFor(async () => {
      const { bundles } = { bundles: (await states.next()).value };
      expect(bundles.get('b.example')?.authorities).toHaveLength(4);
    }, 15_000);
    expect(callCount('FetchX509Bundles')).toBe(1);
    await states.return(undefined as never);
  });

  test('leaving the loop closes the stream; what throws in it passes through', async () => {
    const loop = async (): Promise<void> => {
      for await (const bundles of watchJwtBundles(quick())) {
        expect(bundles.size).toBe(3);
        throw new RangeError('mine');
      }
    };
    await expect(loop()).rejects.toThrow('mine');
    served.endStreams();
    await fetchX509Bundles(at());
    expect(served.callCount('FetchJWTBundles')).toBe(1);
  });

  test('a handler of errors that is async and rejects ends neither the watch nor the process', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    try {
      const codes: string[] = [];
      // No mock: those look after the promises that they return.
      const onError = async ({ code }: WorkloadApiError): Promise<void> => {
        codes.push(code);
        throw new Error('mine');
      };
      const states = watchX509Svids({ ...quick(), onError });
      await states.next();
      refuseAll(status.PERMISSION_DENIED);
      await vi.waitFor(() => expect(codes).toContain('permission_denied'), 15_000);
      served.inject({});
      await states.next();
      refuseAll(status.INVALID_ARGUMENT);
      await expect(states.next()).rejects.toMatchObject({ code: 'request_refused' });
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  test('what is denied is told and tried again; what is never retried ends it (W-7, W-9)', async () => {
    const onError = vi.fn(() => {
      throw new Error('a handler that throws ends nothing');
    });
    const states = watchX509Svids({ ...quick(), onError });
    await states.next();
    refuseAll(status.PERMISSION_DENIED);
    await vi.waitFor(() => expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'permission_denied' })), 15_000);
    served.inject({});
    await states.next();
    refuseAll(status.INVALID_ARGUMENT);
    await expect(states.next()).rejects.toMatchObject({ code: 'request_refused' });
    refuseAll(status.UNIMPLEMENTED);
    await expect(watchJwtBundles(quick()).next()).rejects.toMatchObject({ code: 'not_supported' });
    expect(served.callCount('FetchJWTBundles')).toBe(1);
  });
});
