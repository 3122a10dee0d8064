import { rmSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../test-support/error-of.js';
import { packBundle } from '../test-support/pack-bundle.js';
import { allows, grantsFor, replace, usePolicyFolder } from '../test-support/policy-folder.js';

const folder = usePolicyFolder();

describe('starting', () => {
  it('fails without a policy, or begins without one where that was asked for', async () => {
    rmSync(folder.bundle);
    expect((await errorOf(() => folder.open())).code).toBe('bundle_unreadable');
    const policy = await folder.open({ startEmpty: true });
    expect(policy.current()).toBe(undefined);
    expect(policy.status()).toMatchObject({
      state: 'waiting',
      revision: undefined,
      activatedAt: undefined,
      checkedAt: undefined,
    });
    let changes = 0;
    policy.onChange(() => {
      changes += 1;
    });
    replace(folder.bundle, await packBundle(folder.shipped));
    expect(await policy.refresh()).toMatchObject({ state: 'ready', lastError: undefined });
    expect([allows(policy.current(), 'one'), changes]).toEqual([true, 1]);
  });

  it('takes both parts or none', async () => {
    rmSync(folder.data);
    const policy = await folder.open({ startEmpty: true });
    expect(policy.current()).toBe(undefined);
    expect(policy.status().lastError?.code).toBe('grants_unreadable');
    replace(folder.data, grantsFor('one'));
    expect((await policy.refresh()).state).toBe('ready');
  });

  it('can be aborted', async () => {
    const reason = AbortSignal.abort();
    expect((await errorOf(() => folder.open({ signal: reason, startEmpty: true }))).code).toBe('aborted');
  });
});

describe('the age of a policy', () => {
  it('ends it when nothing was found up to date for too long, and a check that works brings it back', async () => {
    let now = 1_000_000;
    const policy = await folder.open({ maxAgeMs: 60_000, clock: () => now });
    const first = policy.current();
    const seen: unknown[] = [];
    policy.onChange(() => seen.push(policy.current()));
    now += 60_000;
    expect(policy.current()).toBe(first);
    writeFileSync(folder.bundle, 'x');
    expect((await policy.refresh()).state).toBe('stale');
    now += 1;
    expect(policy.current()).toBe(undefined);
    expect(policy.status()).toMatchObject({ state: 'expired', checkedAt: 1_000_000, lastCheckedAt: 1_060_000 });
    expect((await policy.refresh()).state).toBe('expired');
    expect(seen).toEqual([undefined]);

    replace(folder.bundle, await packBundle(folder.shipped));
    expect((await policy.refresh()).state).toBe('ready');
    expect(policy.current()).toBe(first);
    expect(seen).toEqual([undefined, first]);
  });

  it('ends it when the clock gives no number', async () => {
    let now = 1_000_000;
    const policy = await folder.open({ maxAgeMs: 60_000, clock: () => now });
    expect(policy.current()).toBeDefined();
    now = Number.NaN;
    expect(policy.current()).toBe(undefined);
  });

  it('is that of the older part', async () => {
    let now = 1_000_000;
    const policy = await folder.open({ maxAgeMs: 60_000, clock: () => now });
    rmSync(folder.data);
    now += 60_000;
    await policy.refresh();
    expect(policy.current()).toBeDefined();
    now += 1;
    expect(policy.current()).toBe(undefined);
  });

  it('ends it though nobody asks', async () => {
    let now = 1_000_000;
    const policy = await folder.open({ maxAgeMs: 1, clock: () => now });
    const ended = new Promise<void>((resolve) => policy.onChange(resolve));
    now += 2;
    await ended;
    expect(policy.current()).toBe(undefined);
  });
});

describe('closing', () => {
  it('keeps what is in force, and looks at nothing any more', async () => {
    const policy = await folder.open({ watch: { pollMs: 1, settleMs: 0 } });
    const first = policy.current();
    const waiting = policy.waitFor(() => false);
    await policy.close();
    expect((await errorOf(() => waiting)).code).toBe('closed');
    replace(folder.data, grantsFor('two'));
    expect((await policy.refresh()).state).toBe('closed');
    expect(policy.current()).toBe(first);
    await policy[Symbol.asyncDispose]();
  });
});

describe('waiting', () => {
  it('ends in time, when aborted, and with what the predicate throws', async () => {
    const policy = await folder.open();
    await policy.waitFor(() => true);
    expect((await errorOf(() => policy.waitFor(() => false, { timeoutMs: 1 }))).code).toBe('timeout');
    expect((await errorOf(() => policy.waitFor(() => false, { signal: AbortSignal.abort() }))).code).toBe('aborted');
    expect((await errorOf(() => policy.waitFor(() => false, { timeoutMs: -1 }))).code).toBe('option_invalid');
    const thrown = new Error('x');
    await expect(
      policy.waitFor(() => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
  });

  it('is not hindered by a listener that throws', async () => {
    const reports: string[] = [];
    const logger = { info: () => {}, warn: () => {}, error: (message: string) => void reports.push(message) };
    const policy = await folder.open({ logger });
    policy.onChange(() => {
      throw new Error('mine');
    });
    const changed = new Promise<void>((resolve) => policy.onChange(resolve));
    replace(folder.data, grantsFor('two'));
    await policy.refresh();
    await changed;
    expect(reports).toEqual(['a change listener threw: mine']);
  });
});

describe('a clock', () => {
  it('that throws proves no age, and hinders nothing', async () => {
    let fails = false;
    const clock = () => {
      if (fails) throw new Error('mine');
      return 1_000_000;
    };
    const policy = await folder.open({ maxAgeMs: 60_000, clock });
    expect(policy.status().state).toBe('ready');
    fails = true;
    replace(folder.data, grantsFor('two'));
    expect((await policy.refresh()).state).toBe('expired');
    expect(policy.current()).toBe(undefined);
    fails = false;
    expect((await policy.refresh()).state).toBe('ready');
    expect(allows(policy.current(), 'two')).toBe(true);
  });
});

describe('a logger', () => {
  it('that fails later hinders nothing', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const failing = async () => Promise.reject(new Error('mine'));
    const policy = await folder.open({ logger: { info: failing, warn: failing, error: failing } });
    writeFileSync(folder.bundle, 'x');
    expect((await policy.refresh()).state).toBe('stale');
    await turn();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('that throws hinders nothing', async () => {
    const throwing = () => {
      throw new Error('mine');
    };
    const policy = await folder.open({ logger: { info: throwing, warn: throwing, error: throwing } });
    writeFileSync(folder.bundle, 'x');
    replace(folder.data, grantsFor('two'));
    expect((await policy.refresh()).state).toBe('stale');
    expect(allows(policy.current(), 'two')).toBe(true);
  });
});

describe('options', () => {
  it.each<[string, object]>([
    ['no bundle', { bundle: undefined }],
    ['a misspelt name', { verfication: { keys: [] } }],
    ['an empty path', { bundle: '' }],
    ['an empty path of grants', { data: '' }],
    ['a start as text', { startEmpty: 'false' }],
    ['a misspelt wait', { watch: { pollMS: 5 } }],
    ['a watch as text', { watch: 'false' }],
    ['no watch', { watch: null }],
    ['a clock that is none', { clock: 5 }],
    ['a wait that is none', { watch: { pollMs: 0 } }],
    ['a wait that is too long', { watch: { settleMs: 2 ** 31 } }],
    ['an age that is none', { maxAgeMs: 0 }],
    ['an age that is shorter than checks are apart', { watch: { pollMs: 1_000 }, maxAgeMs: 1_000 }],
    ['an age of bytes', { bundle: new Uint8Array(), data: undefined, maxAgeMs: 1_000 }],
  ])('are refused: %s', async (_, options) => {
    expect((await errorOf(() => folder.open(options))).code).toBe('option_invalid');
  });
});
