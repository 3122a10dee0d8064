import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPolicy } from '../load-policy.js';
import type { Policy } from '../policy.js';
import { errorOf } from '../test-support/error-of.js';
import { fixtureBundle } from '../test-support/pack-bundle.js';

interface Memory {
  readonly buffer: ArrayBuffer;
}

// @types/node 20 does not declare WebAssembly.
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: { Memory: new (...args: unknown[]) => Memory } };
const { Memory: PlainMemory } = WebAssembly;
/** Of every instance that was started: each has one of its own. */
let memories: Memory[];

const answer = { allow: true, reasons: ['because'] };
const bytesOf = (memory: Memory | undefined) => memory?.buffer.byteLength ?? 0;
const mebibytes = 1024 * 1024;

describe('the memory of an engine', () => {
  let policy: Policy;
  beforeEach(async () => {
    memories = [];
    WebAssembly.Memory = class extends PlainMemory {
      constructor(...args: unknown[]) {
        super(...args);
        memories.push(this);
      }
    };
    policy = (await loadPolicy({ bundle: fixtureBundle('echo'), watch: false })).current();
    expect(memories).toHaveLength(1);
  });

  afterEach(() => {
    WebAssembly.Memory = PlainMemory;
  });

  it('grows a little, on one instance', () => {
    const before = bytesOf(memories[0]);
    for (let round = 0; round < 3; round += 1) expect(policy.decide({ answer, numbers: 20_000 }).allow).toBe(true);
    expect(bytesOf(memories[0])).toBeGreaterThan(before);
    expect(memories).toHaveLength(1);
  });

  it('is given back when one input made it grow much', () => {
    expect(policy.decide({ answer, numbers: 600_000 }).allow).toBe(true);
    expect(bytesOf(memories[0])).toBeGreaterThan(32 * mebibytes);
    expect(policy.decide({ answer }).allow).toBe(true);
    expect(memories).toHaveLength(2);
    expect(bytesOf(memories[1])).toBeLessThan(8 * mebibytes);
  });

  it('has an end, and what would take more is denied', async () => {
    const error = await errorOf(() => policy.decide({ answer, numbers: 6_000_000 }));
    expect(error.code).toBe('evaluation_failed');
    expect(bytesOf(memories[0])).toBeLessThanOrEqual(256 * mebibytes);
    expect(policy.decide({ answer }).reasons).toEqual(['because']);
    expect(memories).toHaveLength(2);
  }, 120_000);
});
