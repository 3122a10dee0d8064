import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPolicy } from '../load-policy.js';
import type { Policy } from '../policy.js';
import { errorOf } from '../test-support/error-of.js';
import { fixtureBundle } from '../test-support/pack-bundle.js';
import { compileEngine, startEngine } from './engine.js';

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

describe('a module that OPA did not make', () => {
  const text = (value: string) => [value.length, ...Buffer.from(value)];
  const section = (id: number, ...bytes: readonly number[]) => [id, bytes.length, ...bytes];
  const type = section(1, 1, 0x60, 0, 0);
  const imported = (name: string) => section(2, 1, ...text('env'), ...text(name), 0, 0);
  const versions = section(6, 2, 0x7f, 0, 0x41, 1, 0x0b, 0x7f, 0, 0x41, 3, 0x0b);
  const exported = section(7, 2, ...text('opa_wasm_abi_version'), 3, 0, ...text('opa_wasm_abi_minor_version'), 3, 1);
  const start = [8, 1, 0, ...section(10, 1, 3, 0, 0, 0x0b)];
  const refusal = async (...sections: readonly (readonly number[])[]) => {
    const bytes = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
    const error = await errorOf(async () => startEngine(await compileEngine(bytes, 'x.tar.gz'), {}, 'x.tar.gz'));
    expect(error.code).toBe('bundle_bad_wasm');
    return error.message;
  };

  it('gets nothing that OPA does not ask for, and may fail as it likes', async () => {
    expect(await refusal(type)).toContain('not made by OPA');
    // As far as to its start, the first one has all that it needs.
    expect(await refusal(type, versions, exported)).toContain('builtins');
    expect(await refusal(type, imported('fetch'), versions, exported)).toContain('fetch');
    expect(await refusal(type, section(3, 1, 0), versions, exported, start)).toContain('unreachable');
  });
});
