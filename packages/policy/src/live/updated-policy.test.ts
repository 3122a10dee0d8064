import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Bundle, parseBundle } from '../bundle/bundle.js';
import { type PackedEntry, shippedBundle, unpackBundle } from '../test-support/pack-bundle.js';
import type { PolicyPart } from './policy-part.js';
import { UpdatedPolicy, type UpdatedPolicyOptions } from './updated-policy.js';

let shipped: readonly PackedEntry[];
beforeAll(async () => {
  shipped = await unpackBundle(shippedBundle);
});

function marked(mark: string): Bundle {
  const files = new Map(shipped.map(({ header, data }) => [header.name.slice(1), Buffer.from(data ?? '')]));
  return parseBundle(files.set('mark.txt', Buffer.from(mark)), 'the bundle');
}

/** A part that is told what the next check finds. */
class ToldPart implements PolicyPart<Bundle> {
  readonly isLive = true;
  readonly etag = undefined;
  readonly taken: Bundle[] = [];
  next: Bundle | Promise<Bundle>;

  constructor(first: Bundle) {
    this.next = first;
  }

  async check() {
    const value = await this.next;
    return this.taken.at(-1) === value ? undefined : { value, take: () => void this.taken.push(value) };
  }

  watch(): void {}
  checked(): void {}
  close(): void {}
}

function follow(part: ToldPart, options: Partial<UpdatedPolicyOptions> = {}): UpdatedPolicy {
  const logger = { info: () => {}, warn: () => {}, error: () => {} };
  const common = { grants: undefined, origin: 'the bundle', rollback: undefined, maxAgeMs: undefined };
  return new UpdatedPolicy({ bundle: part, ...common, clock: () => 0, logger, ...options });
}

const revisionOf = async (bundle: Bundle) => {
  const alone = follow(new ToldPart(bundle));
  return (await alone.refresh()).revision;
};

/** Two checks at once: the second finds `second` while `first`, that the other one found, is being compiled. */
async function checkTwice(policy: UpdatedPolicy, part: ToldPart, first: Bundle, second: Bundle) {
  let found = (): void => {};
  const seen = new Promise<void>((resolve) => {
    found = resolve;
  });
  // Compiling takes some turns of the event loop: within them, the second check ends.
  part.next = {
    ...first,
    get wasm() {
      found();
      return first.wasm;
    },
  };
  const one = policy.refresh();
  await Promise.resolve();
  part.next = seen.then(() => second);
  const two = policy.refresh();
  return [await one, await two] as const;
}

describe('what a check finds while the version before it is still being compiled', () => {
  it('comes into force after it', async () => {
    const [first, second] = [marked('first'), marked('second')];
    const part = new ToldPart(first);
    const policy = follow(part);
    const [before, after] = await checkTwice(policy, part, first, second);
    expect(before).toMatchObject({ state: 'ready', revision: await revisionOf(first), lastError: undefined });
    expect(after).toMatchObject({ state: 'ready', revision: await revisionOf(second), lastError: undefined });
    expect(policy.current()?.revision).toBe(after.revision);
    expect(part.taken.map(({ sha256 }) => sha256)).toEqual([first.sha256, second.sha256]);
  });

  it('hides neither that the one before was refused, nor that it was not', async () => {
    const [good, second] = [marked('good'), marked('second')];
    const broken = { ...marked('broken'), wasm: Buffer.from('module') };
    const part = new ToldPart(good);
    const policy = follow(part);
    await policy.refresh();
    const [refused, ready] = await checkTwice(policy, part, broken, second);
    expect(refused).toMatchObject({ state: 'stale', revision: await revisionOf(good), lastError: { code: 'bundle_bad_wasm' } });
    expect(ready).toMatchObject({ state: 'ready', revision: await revisionOf(second), lastError: undefined });

    part.next = broken;
    expect((await policy.refresh()).state).toBe('stale');
    const [taken, stale] = await checkTwice(policy, part, marked('third'), broken);
    expect(taken).toMatchObject({ state: 'ready', revision: await revisionOf(marked('third')), lastError: undefined });
    expect(stale).toMatchObject({ state: 'stale', revision: taken.revision, lastError: { code: 'bundle_bad_wasm' } });
  });
});

describe('an age that ends while the clock jumps', () => {
  it('is told of soon after, whatever was left of it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let now = 1_000_000;
      const maxAgeMs = 24 * 3_600_000;
      const policy = follow(new ToldPart(marked('first')), { maxAgeMs, clock: () => now });
      await policy.refresh();
      const seen: unknown[] = [];
      policy.onChange(() => seen.push(policy.current()));
      vi.advanceTimersByTime(60_000);
      expect([policy.status().state, seen]).toEqual(['ready', []]);
      now += maxAgeMs + 1;
      vi.advanceTimersByTime(10_000);
      expect(seen).toEqual([undefined]);
    } finally {
      vi.useRealTimers();
    }
  });
});
