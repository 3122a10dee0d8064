import { setImmediate as turn } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { type Bundle, parseBundle } from './bundle.js';
import type { PolicyPart } from './policy-part.js';
import { type PackedEntry, shippedBundle, unpackBundle } from './test-support/pack-bundle.js';
import { UpdatedPolicy } from './updated-policy.js';

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

function follow(part: ToldPart): UpdatedPolicy {
  const logger = { info: () => {}, warn: () => {}, error: () => {} };
  const common = { grants: undefined, origin: 'the bundle', rollback: undefined, maxAgeMs: undefined };
  return new UpdatedPolicy({ bundle: part, ...common, clock: () => 0, logger });
}

it('takes what a check finds while the version before it is still being compiled', async () => {
  const [first, second] = [marked('first'), marked('second')];
  const part = new ToldPart(first);
  const policy = follow(part);
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
  } as Bundle;
  const one = policy.refresh();
  await Promise.resolve();
  part.next = seen.then(() => second);
  const two = policy.refresh();
  await Promise.all([one, two]);
  await turn();
  expect(part.taken.at(-1)?.sha256).toBe(second.sha256);
  const alone = follow(new ToldPart(second));
  await alone.refresh();
  expect(policy.current()?.revision).toBe(alone.current()?.revision);
});
