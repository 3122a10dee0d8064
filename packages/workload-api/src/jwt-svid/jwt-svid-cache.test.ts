import { parseJwtBundle, parseSpiffeId } from '@dirgate/spiffe';
import { describe, expect, test } from 'vitest';
import { FIRST, ID, useTokenCache } from '../test-support/token-cache.js';
import { BundleEntry } from '../updates/bundle-entry.js';
import type { JwtSnapshot } from '../updates/jwt-update.js';
import type { JwtSvidChoice } from './jwt-svid-choice.js';

const tested = useTokenCache();

describe('keys', () => {
  test('the order and repetition of audiences do not matter, the set does', async () => {
    expect(await tested.token(['b', 'a'])).toBe('token 1');
    expect(await tested.token(['a', 'b', 'a'])).toBe('token 1');
    expect(await tested.token('a')).toBe('token 2');
    expect(tested.questions[0]?.audience).toEqual(['a', 'b']);
  });

  test('audiences that only look alike when joined are different', async () => {
    expect(await tested.token(['a,b'])).toBe('token 1');
    expect(await tested.token(['a', 'b'])).toBe('token 2');
  });

  test('each subject has its own token', async () => {
    await tested.cache.get({ audience: 'a' }, () => FIRST);
    await tested.cache.get({ audience: 'a' }, () => ({ subject: ID, wish: undefined }));
    expect(tested.questions.map(({ subject }) => subject?.toString())).toEqual([undefined, ID.toString()]);
  });

  test.each([[[]], [['']], ['']])('no audience is refused: %j (W-22)', async (audience) => {
    await expect(tested.token(audience)).rejects.toMatchObject({ code: 'option_invalid' });
    expect(tested.questions).toEqual([]);
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
    tested.snapshot = bundles({ 'prod.example': 'k1', 'other.example': 'k1' });
    expect(await tested.token()).toBe('token 1');
    tested.snapshot = bundles({ 'prod.example': 'k1', 'other.example': 'k2' }, tested.snapshot);
    expect(await tested.token()).toBe('token 1');
    tested.snapshot = bundles({ 'prod.example': 'k2', 'other.example': 'k2' }, tested.snapshot);
    expect(await tested.token()).toBe('token 2');
    tested.snapshot = undefined;
    expect(await tested.token()).toBe('token 3');
  });

  test('one that is on its way when who we are changes is neither given nor kept: it is asked for anew, as who we are then', async () => {
    const releases: (() => void)[] = [];
    tested.answer = async () => {
      const fetched = tested.fresh();
      await new Promise<void>((resolve) => releases.push(resolve));
      return fetched;
    };
    let choice: JwtSvidChoice = FIRST;
    const ask = () => tested.cache.get({ audience: 'a' }, () => choice);
    const [first, second] = [ask(), ask()];
    tested.cache.clear();
    choice = { subject: ID, wish: undefined };
    releases[0]?.();
    await expect.poll(() => releases.length, { timeout: 15_000 }).toBe(2);
    releases[1]?.();
    expect([(await first).token, (await second).token]).toEqual(['token 2', 'token 2']);
    expect(tested.questions.map(({ subject }) => subject?.toString())).toEqual([undefined, ID.toString()]);
    expect((await ask()).token).toBe('token 2');
  });

  test('one that was asked for before and comes after is neither given nor kept', async () => {
    tested.snapshot = bundles({ 'prod.example': 'k1' });
    const releases: (() => void)[] = [];
    tested.answer = async () => {
      const fetched = tested.fresh();
      await new Promise<void>((resolve) => releases.push(resolve));
      return fetched;
    };
    const waiting = tested.token();
    tested.snapshot = bundles({ 'prod.example': 'k2' }, tested.snapshot);
    releases[0]?.();
    await expect.poll(() => releases.length, { timeout: 15_000 }).toBe(2);
    releases[1]?.();
    expect(await waiting).toBe('token 2');
    expect(await tested.token()).toBe('token 2');
    expect(tested.questions).toHaveLength(2);
  });

  test('a caller who aborts while it is asked for anew does not wait for that', async () => {
    tested.snapshot = bundles({ 'prod.example': 'k1' });
    const controller = new AbortController();
    tested.answer = async () => {
      tested.snapshot = bundles({ 'prod.example': `k${tested.questions.length + 1}` }, tested.snapshot);
      if (tested.questions.length === 1) return tested.fresh();
      controller.abort();
      return new Promise<never>(() => {});
    };
    const fetched = tested.cache.get({ audience: 'a', signal: controller.signal }, () => FIRST);
    await expect(fetched).rejects.toMatchObject({ code: 'aborted' });
    expect(tested.questions).toHaveLength(2);
  });
});

describe('hints', () => {
  test('each has its own token', async () => {
    const get = async (hint?: string) =>
      (await tested.cache.get({ audience: 'a' }, () => ({ ...FIRST, ...(hint && { wish: { hint, orFirst: false } }) }))).token;
    expect([await get(), await get('x'), await get('y'), await get('x'), await get()]).toEqual([
      'token 1',
      'token 2',
      'token 3',
      'token 2',
      'token 1',
    ]);
    expect(tested.questions).toHaveLength(3);
  });

  test('whoever takes no other than the one with the hint is not given the first in its place', async () => {
    const wish = { hint: 'x', orFirst: true };
    expect((await tested.cache.get({ audience: 'a' }, () => ({ ...FIRST, wish }))).token).toBe('token 1');
    expect((await tested.cache.get({ audience: 'a' }, () => ({ ...FIRST, wish: { ...wish, orFirst: false } }))).token).toBe(
      'token 2',
    );
    expect((await tested.cache.get({ audience: 'a' }, () => ({ ...FIRST, wish }))).token).toBe('token 1');
  });

  test('a hint that looks like a subject or an audience is neither', async () => {
    await tested.cache.get({ audience: 'a' }, () => ({ subject: ID, wish: undefined }));
    await tested.cache.get({ audience: 'a' }, () => ({ subject: undefined, wish: { hint: ID.toString(), orFirst: false } }));
    await tested.cache.get({ audience: [ID.toString(), 'a'] }, () => FIRST);
    expect(tested.questions).toHaveLength(3);
  });
});

describe('aborting', () => {
  test('stops one caller and not the others', async () => {
    let release: (() => void) | undefined;
    tested.answer = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return tested.fresh();
    };
    const controller = new AbortController();
    const aborted = tested.cache.get({ audience: 'a', signal: controller.signal }, () => FIRST);
    const other = tested.token();
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
    release?.();
    expect(await other).toBe('token 1');
  });

  test('an aborted signal asks nothing', async () => {
    await expect(tested.token('a', AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
    expect(tested.questions).toEqual([]);
  });
});
