import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FirstUpdate, type FirstUpdateOptions } from './first-update.js';

const OPTIONS: FirstUpdateOptions = { endpoint: 'unix:///x.sock', need: undefined, timeoutMs: 1000, signal: undefined };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('too late', () => {
  test.each([
    [status.UNAVAILABLE, 'connect EACCES /x.sock', /EACCES.*may this process open its socket/],
    [status.PERMISSION_DENIED, 'no identity issued', /no identity issued.*is there a registration entry/],
    [status.INTERNAL, 'broken', /INTERNAL: broken$/],
  ])('%s: the last cause, and what to look at', async (code, details, text) => {
    const first = new FirstUpdate(OPTIONS);
    first.arrived('jwt');
    first.failed('x509', { code: status.UNAVAILABLE, details: 'an earlier cause' });
    first.failed('x509', { code, details });
    const rejected = expect(first.done).rejects.toMatchObject({
      code: 'first_update_timeout',
      message: expect.stringMatching(/unix:\/\/\/x\.sock within 1000 ms\. Last cause: FetchX509SVID: /),
    });
    const named = expect(first.done).rejects.toMatchObject({ message: expect.stringMatching(text) });
    await vi.advanceTimersByTimeAsync(1000);
    await Promise.all([rejected, named]);
  });

  test('a message that has nothing for us is a cause too (W-19)', async () => {
    const first = new FirstUpdate({ ...OPTIONS, need: ['x509'] });
    first.failed('x509', { code: status.DATA_LOSS, details: 'none of our X509-SVIDs is the selected one', discarded: true });
    const rejected = expect(first.done).rejects.toMatchObject({
      message: expect.stringMatching(/FetchX509SVID: none of our X509-SVIDs is the selected one$/),
    });
    await vi.advanceTimersByTimeAsync(1000);
    await rejected;
  });

  test('a profile that nobody needs is not waited for, and no timer stays', async () => {
    const first = new FirstUpdate({ ...OPTIONS, need: ['x509-bundles'] });
    first.failed('jwt', { code: status.UNAVAILABLE, details: 'away' });
    first.arrived('x509-bundles');
    await first.done;
    expect(vi.getTimerCount()).toBe(0);
  });
});
