import { describe, expect, test } from 'vitest';
import { denied, LIFE_MS, useTokenCache } from '../test-support/token-cache.js';
import { WorkloadApiError } from '../workload-api-error.js';

const tested = useTokenCache();

describe('life of a token', () => {
  test('callers at one time share one fetch', async () => {
    expect(await Promise.all([tested.token(), tested.token(), tested.token()])).toEqual(['token 1', 'token 1', 'token 1']);
    expect(tested.questions).toHaveLength(1);
  });

  test('is served as it is until half of its life, then refreshed beside', async () => {
    await tested.token();
    tested.now += LIFE_MS / 2 - 1;
    expect(await tested.token()).toBe('token 1');
    expect(tested.questions).toHaveLength(1);
    tested.now += 1;
    expect(await tested.token()).toBe('token 1');
    expect(tested.questions).toHaveLength(2);
    expect(await tested.token()).toBe('token 2');
    expect(tested.questions).toHaveLength(2);
  });

  test('close to its end the next one is waited for', async () => {
    await tested.token();
    tested.now += LIFE_MS - 5000;
    expect(await tested.token()).toBe('token 2');
  });

  test('when no next one can be had it is served to its end, and not one millisecond longer', async () => {
    await tested.token();
    tested.answer = async () => {
      throw new WorkloadApiError('jwt_svid_unavailable', 'gone');
    };
    tested.now += LIFE_MS - 1;
    expect(await tested.token()).toBe('token 1');
    tested.now += 1;
    await expect(tested.token()).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
  });

  test('an agent that says nothing keeps nobody from the token that there is', async () => {
    await tested.token();
    tested.answer = () => new Promise(() => {});
    tested.now += LIFE_MS - 20;
    expect(await tested.token()).toBe('token 1');
    expect(tested.questions).toHaveLength(2);
  });

  test('a failed refresh is not repeated with every call', async () => {
    await tested.token();
    tested.answer = async () => {
      throw new WorkloadApiError('jwt_svid_unavailable', 'gone');
    };
    tested.now += LIFE_MS / 2;
    await tested.token();
    await tested.token();
    await tested.token();
    expect(tested.questions).toHaveLength(2);
    tested.now += 5000;
    await tested.token();
    expect(tested.questions).toHaveLength(3);
  });

  test('an agent that gives the same token past half of its life is not asked with every call', async () => {
    const same = tested.fresh();
    tested.answer = async () => same;
    await tested.token();
    tested.now += LIFE_MS / 2;
    await tested.token();
    for (let i = 0; i < 10; i++) await tested.token();
    expect(tested.questions).toHaveLength(2);
    tested.now += 5000;
    await tested.token();
    await tested.token();
    expect(tested.questions).toHaveLength(3);
  });

  test('one that is denied is dropped after the grace (W-20)', async () => {
    await tested.token();
    tested.answer = async () => {
      throw denied();
    };
    tested.now += LIFE_MS / 2;
    expect(await tested.token()).toBe('token 1');
    tested.now += 14_999;
    expect(await tested.token()).toBe('token 1');
    tested.now += 1;
    await expect(tested.token()).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
  });

  test('one that is denied does not live on because the clock went back', async () => {
    await tested.token();
    tested.now += LIFE_MS / 2;
    tested.answer = async () => {
      throw denied();
    };
    expect(await tested.token()).toBe('token 1');
    tested.now += 1;
    expect(await tested.token()).toBe('token 1');
    tested.now -= LIFE_MS;
    await expect(tested.token()).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
  });

  test('what was denied stays so, whatever else fails meanwhile', async () => {
    await tested.token();
    tested.now += LIFE_MS / 2;
    tested.answer = async () => {
      throw denied();
    };
    await tested.token();
    for (let i = 0; i < 2; i++) {
      tested.now += 5000;
      tested.answer = async () => {
        throw new WorkloadApiError('jwt_svid_unavailable', 'gone');
      };
      expect(await tested.token()).toBe('token 1');
    }
    tested.now += 4999;
    expect(await tested.token()).toBe('token 1');
    tested.now += 1;
    await expect(tested.token()).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
  });

  test('a clock that is broken proves nothing', async () => {
    expect([await tested.token(), await tested.token()]).toEqual(['token 1', 'token 1']);
    tested.now = Number.NaN;
    tested.answer = async () => {
      throw new WorkloadApiError('jwt_svid_unavailable', 'gone');
    };
    await expect(tested.token()).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
  });

  test('what was being fetched when all was cleared is not kept', async () => {
    let release: (() => void) | undefined;
    tested.answer = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return tested.fresh();
    };
    const first = tested.token();
    tested.cache.clear();
    tested.answer = async () => tested.fresh();
    release?.();
    await first;
    expect(await tested.token()).toBe('token 2');
  });

  test('the cache is bounded', async () => {
    for (let i = 0; i <= 1000; i++) await tested.token(`audience ${i}`);
    expect(tested.questions).toHaveLength(1001);
    await tested.token('audience 1000');
    expect(tested.questions).toHaveLength(1001);
    await tested.token('audience 0');
    expect(tested.questions).toHaveLength(1002);
  });

  test('the token that nobody has used for longest makes room', async () => {
    for (let i = 0; i < 1000; i++) await tested.token(`audience ${i}`);
    await tested.token('audience 0');
    await tested.token('audience 1000');
    expect(tested.questions).toHaveLength(1001);
    await tested.token('audience 0');
    expect(tested.questions).toHaveLength(1001);
    await tested.token('audience 1');
    expect(tested.questions).toHaveLength(1002);
  });
});
