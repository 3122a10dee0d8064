import { beforeAll, describe, expect, it } from 'vitest';
import { parseBundleRecord } from '../bundle/bundle-record.js';
import { loadPolicy } from '../load-policy.js';
import type { Policy } from '../policy.js';
import { errorOf } from '../test-support/error-of.js';
import { fixtureBundle } from '../test-support/pack-bundle.js';
import type { Engine } from './engine.js';
import { createEnginePolicy } from './engine-policy.js';

const allow = { allow: true, reasons: ['because'] };
const record = parseBundleRecord(undefined, 'x.tar.gz');

describe('decide, on an engine that answers what the input says', () => {
  let policy: Policy;
  beforeAll(async () => {
    policy = (await loadPolicy({ bundle: fixtureBundle('echo') })).current();
  });

  it('gives a frozen decision with its revision', () => {
    const decision = policy.decide({ answer: allow });
    expect(decision).toEqual({ ...allow, revision: policy.revision });
    expect(Object.isFrozen(decision) && Object.isFrozen(decision.reasons)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['true', true],
    ['false', false],
    ['null', null],
    ['an unknown member', { ...allow, more: 1 }],
    ['allow as text', { allow: 'true', reasons: [] }],
  ])('refuses the answer %s and recovers', async (_, answer) => {
    expect((await errorOf(() => policy.decide({ answer }))).code).toBe('odd_result');
    expect(policy.decide({ answer: allow }).allow).toBe(true);
  });

  it('refuses an undefined answer', async () => {
    expect((await errorOf(() => policy.decide({}))).code).toBe('odd_result');
  });

  it('answers rightly after every one of 10,000 aborts', async () => {
    for (let round = 0; round < 10_000; round += 1) {
      const error = await errorOf(() => policy.decide({ answer: allow, conflict: true }));
      expect(error.code).toBe('evaluation_failed');
      expect(policy.decide({ answer: { allow: round % 2 === 0, reasons: [] } }).allow).toBe(round % 2 === 0);
    }
  }, 120_000);

  it('takes names that JavaScript knows', () => {
    const claims = JSON.parse('{"__proto__":{"allow":true},"constructor":1,"toString":"x","big":9007199254740993}');
    expect(policy.decide({ answer: allow, claims }).allow).toBe(true);
    expect(policy.decide({ answer: { allow: true, reasons: ['é😀'] } }).reasons).toEqual(['é😀']);
  });

  it('refuses input that is too large, in characters or in bytes', async () => {
    const most = 256 * 1024;
    expect((await errorOf(() => policy.decide({ answer: allow, x: 'x'.repeat(most) }))).code).toBe('input_too_large');
    expect((await errorOf(() => policy.decide({ answer: allow, x: 'é'.repeat(most / 2) }))).code).toBe('input_too_large');
    expect(policy.decide({ answer: allow, x: 'x'.repeat(most - 100) }).allow).toBe(true);
  });

  it('refuses input that is no JSON object', async () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const input of [cycle, { n: 1n }, [], { toJSON: () => undefined }, { toJSON: () => false }, Buffer.from('[]').buffer]) {
      expect((await errorOf(() => policy.decide(input))).code).toMatch(/^(input_invalid|odd_result)$/);
    }
    expect(policy.decide({ answer: allow }).allow).toBe(true);
  });

  it('survives input that is nested deeply', async () => {
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;
    expect(policy.decide({ answer: allow, nested: nested(100) }).allow).toBe(true);
    for (const levels of [200, 3_000]) {
      expect((await errorOf(() => policy.decide({ answer: allow, nested: nested(levels) }))).code).toBe('input_invalid');
    }
    expect(policy.decide({ answer: allow }).allow).toBe(true);
  });
});

describe('decide', () => {
  it.each<[string, object]>([
    ['a value', { text: 'x\ud800' }],
    ['a key', { '\udfff': 1 }],
    ['a pair the wrong way round', { text: '\udc00\ud800' }],
    ['a value after a backslash', { text: '\\\ud800' }],
  ])('never shows the engine a lone surrogate in %s, which would cost an instance', async (_, input) => {
    const engine: Engine = { evaluate: () => [{ result: allow }], discard: () => {} };
    const policy = createEnginePolicy(engine, record, 'r1');
    expect((await errorOf(() => policy.decide(input))).code).toBe('input_invalid');
    for (const text of ['\ud83d\ude00', '\\ud800', '\\\\ud800', 'ud800']) expect(policy.decide({ text }).allow).toBe(true);
  });

  it('hands the engine nothing but the text of the input, and discards it after an odd answer', async () => {
    const seen: string[] = [];
    let discarded = 0;
    let results: unknown = [{ result: allow }];
    const engine: Engine = {
      evaluate: (input) => {
        seen.push(Buffer.from(input).toString());
        return results;
      },
      discard: () => {
        discarded += 1;
      },
    };
    const policy = createEnginePolicy(engine, record, 'r1');
    expect(policy.decide({ a: 1 }).revision).toBe('r1');
    expect(discarded).toBe(0);
    results = [{ result: allow }, { result: allow }];
    expect((await errorOf(() => policy.decide({ b: 2 }))).code).toBe('odd_result');
    expect(discarded).toBe(1);
    expect(seen).toEqual(['{"a":1}', '{"b":2}']);
  });
});
