import { parseJwtBundle, parseSpiffeId } from '@dirgate/spiffe';
import { status } from '@grpc/grpc-js';
import { beforeEach, describe, expect, test } from 'vitest';
import { BundleEntry } from './bundle-entry.js';
import { JwtSvidCache } from './jwt-svid-cache.js';
import type { FetchedJwtSvid, JwtSvidQuestion } from './jwt-svid-response.js';
import type { JwtSnapshot } from './jwt-update.js';
import { WorkloadApiError } from './workload-api-error.js';
import { SILENT_LOGGER } from './workload-api-logger.js';

const ID = parseSpiffeId('spiffe://prod.example/a');
const LIFE_MS = 100_000;
/** Neither a subject nor a hint is asked for. */
const FIRST = { subject: undefined, wish: undefined };

let now: number;
let questions: JwtSvidQuestion[];
let answer: (question: JwtSvidQuestion) => Promise<FetchedJwtSvid>;
let cache: JwtSvidCache;
let snapshot: JwtSnapshot | undefined;

function fresh(): FetchedJwtSvid {
  const svid = { id: ID, token: `token ${questions.length}`, expiresAt: now + LIFE_MS, hint: '' };
  return { svid, refreshAt: now + LIFE_MS / 2 };
}

function denied(): WorkloadApiError {
  const cause = Object.assign(new Error('denied'), { code: status.PERMISSION_DENIED, details: 'no identity issued' });
  return new WorkloadApiError('jwt_svid_unavailable', 'denied', { cause });
}

async function token(audience: string | readonly string[] = 'a', signal?: AbortSignal): Promise<string> {
  return (await cache.get({ audience, ...(signal && { signal }) }, FIRST)).token;
}

beforeEach(() => {
  now = 1_000_000;
  questions = [];
  snapshot = undefined;
  answer = async () => fresh();
  cache = new JwtSvidCache({
    clock: () => now,
    snapshot: () => snapshot,
    withdrawGraceMs: 15_000,
    logger: SILENT_LOGGER,
    fetch: (question) => {
      questions.push(question);
      return answer(question);
    },
  });
});

describe('keys', () => {
  test('the order and repetition of audiences do not matter, the set does', async () => {
    expect(await token(['b', 'a'])).toBe('token 1');
    expect(await token(['a', 'b', 'a'])).toBe('token 1');
    expect(await token('a')).toBe('token 2');
    expect(questions[0]?.audience).toEqual(['a', 'b']);
  });

  test('audiences that only look alike when joined are different', async () => {
    expect(await token(['a,b'])).toBe('token 1');
    expect(await token(['a', 'b'])).toBe('token 2');
  });

  test('each subject has its own token', async () => {
    await cache.get({ audience: 'a' }, FIRST);
    await cache.get({ audience: 'a' }, { subject: ID, wish: undefined });
    expect(questions.map(({ subject }) => subject?.toString())).toEqual([undefined, ID.toString()]);
  });

  test.each([[[]], [['']], ['']])('no audience is refused: %j (W-22)', async (audience) => {
    await expect(token(audience)).rejects.toMatchObject({ code: 'option_invalid' });
    expect(questions).toEqual([]);
  });
});

describe('life of a token', () => {
  test('callers at one time share one fetch', async () => {
    expect(await Promise.all([token(), token(), token()])).toEqual(['token 1', 'token 1', 'token 1']);
    expect(questions).toHaveLength(1);
  });

  test('is served as it is until half of its life, then refreshed beside', async () => {
    await token();
    now += LIFE_MS / 2 - 1;
    expect(await token()).toBe('token 1');
    expect(questions).toHaveLength(1);
    now += 1;
    expect(await token()).toBe('token 1');
    expect(questions).toHaveLength(2);
    expect(await token()).toBe('token 2');
    expect(questions).toHaveLength(2);
  });

  test('close to its end the next one is waited for', async () => {
    await token();
    now += LIFE_MS - 5000;
    expect(await token()).toBe('token 2');
  });

  test('when no next one can be had it is served to its end, and not one millisecond longer', async () => {
    await token();
    answer = async () => {
      throw new WorkloadApiError('jwt_svid_unavailable', 'gone');
    };
    now += LIFE_MS - 1;
    expect(await token()).toBe('token 1');
    now += 1;
    await expect(token()).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
  });

  test('an agent that says nothing keeps nobody from the token that there is', async () => {
    await token();
    answer = () => new Promise(() => {});
    now += LIFE_MS - 20;
    expect(await token()).toBe('token 1');
    expect(questions).toHaveLength(2);
  });

  test('a failed refresh is not repeated with every call', async () => {
    await token();
    answer = async () => {
      throw new WorkloadApiError('jwt_svid_unavailable', 'gone');
    };
    now += LIFE_MS / 2;
    await token();
    await token();
    await token();
    expect(questions).toHaveLength(2);
    now += 5000;
    await token();
    expect(questions).toHaveLength(3);
  });

  test('an agent that gives the same token past half of its life is not asked with every call', async () => {
    const same = fresh();
    answer = async () => same;
    await token();
    now += LIFE_MS / 2;
    await token();
    for (let i = 0; i < 10; i++) await token();
    expect(questions).toHaveLength(2);
    now += 5000;
    await token();
    await token();
    expect(questions).toHaveLength(3);
  });

  test('one that is denied is dropped after the grace (W-20)', async () => {
    await token();
    answer = async () => {
      throw denied();
    };
    now += LIFE_MS / 2;
    expect(await token()).toBe('token 1');
    now += 14_999;
    expect(await token()).toBe('token 1');
    now += 1;
    await expect(token()).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
  });

  test('one that is denied does not live on because the clock went back', async () => {
    await token();
    now += LIFE_MS / 2;
    answer = async () => {
      throw denied();
    };
    expect(await token()).toBe('token 1');
    now += 1;
    expect(await token()).toBe('token 1');
    now -= LIFE_MS;
    await expect(token()).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
  });

  test('what was denied stays so, whatever else fails meanwhile', async () => {
    await token();
    now += LIFE_MS / 2;
    answer = async () => {
      throw denied();
    };
    await token();
    for (let i = 0; i < 2; i++) {
      now += 5000;
      answer = async () => {
        throw new WorkloadApiError('jwt_svid_unavailable', 'gone');
      };
      expect(await token()).toBe('token 1');
    }
    now += 4999;
    expect(await token()).toBe('token 1');
    now += 1;
    await expect(token()).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
  });

  test('a clock that is broken proves nothing', async () => {
    expect([await token(), await token()]).toEqual(['token 1', 'token 1']);
    now = Number.NaN;
    answer = async () => {
      throw new WorkloadApiError('jwt_svid_unavailable', 'gone');
    };
    await expect(token()).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
  });

  test('what was being fetched when all was cleared is not kept', async () => {
    let release: (() => void) | undefined;
    answer = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return fresh();
    };
    const first = token();
    cache.clear();
    release?.();
    await first;
    answer = async () => fresh();
    expect(await token()).toBe('token 2');
  });

  test('the cache is bounded', async () => {
    for (let i = 0; i <= 1000; i++) await token(`audience ${i}`);
    expect(questions).toHaveLength(1001);
    await token('audience 1000');
    expect(questions).toHaveLength(1001);
    await token('audience 0');
    expect(questions).toHaveLength(1002);
  });

  test('the token that nobody has used for longest makes room', async () => {
    for (let i = 0; i < 1000; i++) await token(`audience ${i}`);
    await token('audience 0');
    await token('audience 1000');
    expect(questions).toHaveLength(1001);
    await token('audience 0');
    expect(questions).toHaveLength(1001);
    await token('audience 1');
    expect(questions).toHaveLength(1002);
  });
});

describe('bundles', () => {
  /** A snapshot of JWT bundles that are new objects, with the given key IDs. */
  function bundles(content: Readonly<Record<string, string>>, previous?: JwtSnapshot): JwtSnapshot {
    const reader = {
      parse: (of: typeof ID.trustDomain, raw: Uint8Array) => parseJwtBundle(of, raw, { keysWithoutUse: 'jwt-svid' }),
      report: () => {},
    };
    const entries = Object.entries(content).map(([name, kid]) => {
      const key = { kty: 'RSA', kid, n: Buffer.alloc(256, 0xff).toString('base64url'), e: 'AQAB' };
      const { trustDomain } = parseSpiffeId(`spiffe://${name}/x`);
      const raw = Buffer.from(JSON.stringify({ keys: [key] }));
      return [name, new BundleEntry(trustDomain, raw, reader, previous?.bundles.get(name)?.bundle)] as const;
    });
    return { bundles: new Map(entries) };
  }

  test("a token ends with its trust domain's JWT bundle, and with no other's", async () => {
    snapshot = bundles({ 'prod.example': 'k1', 'other.example': 'k1' });
    expect(await token()).toBe('token 1');
    snapshot = bundles({ 'prod.example': 'k1', 'other.example': 'k2' }, snapshot);
    expect(await token()).toBe('token 1');
    snapshot = bundles({ 'prod.example': 'k2', 'other.example': 'k2' }, snapshot);
    expect(await token()).toBe('token 2');
    snapshot = undefined;
    expect(await token()).toBe('token 3');
  });

  test('one that was asked for before and comes after is neither given nor kept', async () => {
    snapshot = bundles({ 'prod.example': 'k1' });
    const releases: (() => void)[] = [];
    answer = async () => {
      const fetched = fresh();
      await new Promise<void>((resolve) => releases.push(resolve));
      return fetched;
    };
    const waiting = token();
    snapshot = bundles({ 'prod.example': 'k2' }, snapshot);
    releases[0]?.();
    await expect.poll(() => releases.length, { timeout: 15_000 }).toBe(2);
    releases[1]?.();
    expect(await waiting).toBe('token 2');
    expect(await token()).toBe('token 2');
    expect(questions).toHaveLength(2);
  });

  test('a caller who aborts while it is asked for anew does not wait for that', async () => {
    snapshot = bundles({ 'prod.example': 'k1' });
    const controller = new AbortController();
    answer = async () => {
      snapshot = bundles({ 'prod.example': `k${questions.length + 1}` }, snapshot);
      if (questions.length === 1) return fresh();
      controller.abort();
      return new Promise<never>(() => {});
    };
    const fetched = cache.get({ audience: 'a', signal: controller.signal }, FIRST);
    await expect(fetched).rejects.toMatchObject({ code: 'aborted' });
    expect(questions).toHaveLength(2);
  });
});

describe('hints', () => {
  test('each has its own token', async () => {
    const get = async (hint?: string) =>
      (await cache.get({ audience: 'a' }, { ...FIRST, ...(hint && { wish: { hint, orFirst: false } }) })).token;
    expect([await get(), await get('x'), await get('y'), await get('x'), await get()]).toEqual([
      'token 1',
      'token 2',
      'token 3',
      'token 2',
      'token 1',
    ]);
    expect(questions).toHaveLength(3);
  });

  test('whoever takes no other than the one with the hint is not given the first in its place', async () => {
    const wish = { hint: 'x', orFirst: true };
    expect((await cache.get({ audience: 'a' }, { ...FIRST, wish })).token).toBe('token 1');
    expect((await cache.get({ audience: 'a' }, { ...FIRST, wish: { ...wish, orFirst: false } })).token).toBe('token 2');
    expect((await cache.get({ audience: 'a' }, { ...FIRST, wish })).token).toBe('token 1');
  });

  test('a hint that looks like a subject or an audience is neither', async () => {
    await cache.get({ audience: 'a' }, { subject: ID, wish: undefined });
    await cache.get({ audience: 'a' }, { subject: undefined, wish: { hint: ID.toString(), orFirst: false } });
    await cache.get({ audience: [ID.toString(), 'a'] }, FIRST);
    expect(questions).toHaveLength(3);
  });
});

describe('aborting', () => {
  test('stops one caller and not the others', async () => {
    let release: (() => void) | undefined;
    answer = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return fresh();
    };
    const controller = new AbortController();
    const aborted = cache.get({ audience: 'a', signal: controller.signal }, FIRST);
    const other = token();
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
    release?.();
    expect(await other).toBe('token 1');
  });

  test('an aborted signal asks nothing', async () => {
    await expect(token('a', AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
    expect(questions).toEqual([]);
  });
});
