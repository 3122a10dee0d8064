import { beforeEach, describe, expect, it, vi } from 'vitest';
import { loadPolicy } from './load-policy.js';
import type { LoadedPolicy } from './opa-wasm.js';
import type { Policy } from './policy.js';
import { errorOf } from './test-support/error-of.js';
import { fixtureBundle } from './test-support/pack-bundle.js';

const { instances } = vi.hoisted(() => ({ instances: [] as LoadedPolicy[] }));
vi.mock('./opa-wasm.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('./opa-wasm.js')>();
  const loadPolicySync: typeof original.loadPolicySync = (...args) => {
    const instance = original.loadPolicySync(...args);
    instances.push(instance);
    return instance;
  };
  return { ...original, loadPolicySync };
});

const answer = { allow: true, reasons: ['because'] };
const bytesOf = (instance: LoadedPolicy | undefined) => instance?.mem.buffer.byteLength ?? 0;
const mebibytes = 1024 * 1024;

describe('the memory of an engine', () => {
  let policy: Policy;
  beforeEach(async () => {
    instances.length = 0;
    policy = (await loadPolicy({ bundle: fixtureBundle('echo'), watch: false })).current();
    expect(instances).toHaveLength(1);
  });

  it('grows a little, on one instance', () => {
    const before = bytesOf(instances[0]);
    for (let round = 0; round < 3; round += 1) expect(policy.decide({ answer, numbers: 20_000 }).allow).toBe(true);
    expect(bytesOf(instances[0])).toBeGreaterThan(before);
    expect(instances).toHaveLength(1);
  });

  it('is given back when one input made it grow much', () => {
    expect(policy.decide({ answer, numbers: 600_000 }).allow).toBe(true);
    expect(bytesOf(instances[0])).toBeGreaterThan(32 * mebibytes);
    expect(policy.decide({ answer }).allow).toBe(true);
    expect(instances).toHaveLength(2);
    expect(bytesOf(instances[1])).toBeLessThan(8 * mebibytes);
  });

  it('has an end, and what would take more is denied', async () => {
    const error = await errorOf(() => policy.decide({ answer, numbers: 6_000_000 }));
    expect(error.code).toBe('evaluation_failed');
    expect(bytesOf(instances[0])).toBeLessThanOrEqual(256 * mebibytes);
    expect(policy.decide({ answer }).reasons).toEqual(['because']);
    expect(instances).toHaveLength(2);
  }, 120_000);
});
