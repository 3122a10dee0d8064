import { describe, expect, test } from 'vitest';
import { type Arm, type Block, compare, type Pair, runPair } from './paired-comparison.js';

describe('a pair', () => {
  test('changes its order every time, and knows which block is whose', async () => {
    const order: string[] = [];
    const arm = (name: string, seconds: number): Arm => ({
      run: async (count) => {
        order.push(`${name} ${count}`);
        return { seconds, cpuMicros: 1 };
      },
    });
    const bare = arm('bare', 1);
    const subject = arm('subject', 2);

    const pairs = [await runPair(bare, subject, 7, 0), await runPair(bare, subject, 7, 1)];

    expect(order).toEqual(['bare 7', 'subject 7', 'subject 7', 'bare 7']);
    for (const pair of pairs) expect([pair.bare.seconds, pair.subject.seconds]).toEqual([1, 2]);
  });

  test('fails when a call of it fails', async () => {
    const fine: Arm = { run: async () => ({ seconds: 1, cpuMicros: 1 }) };
    const failing: Arm = { run: () => Promise.reject(new Error('status 16')) };
    await expect(runPair(fine, failing, 1, 0)).rejects.toThrow('status 16');
    await expect(runPair(failing, fine, 1, 0)).rejects.toThrow('status 16');
  });
});

describe('a comparison', () => {
  const block = (seconds: number, cpuMicros: number): Block => ({ seconds, cpuMicros });

  test('has the ratios and figures of known blocks', () => {
    const pairs: Pair[] = [
      { bare: block(0.125, 100_000), subject: block(0.25, 125_000) },
      { bare: block(0.125, 100_000), subject: block(0.25, 125_000) },
    ];
    expect(compare(pairs, 1000)).toEqual({
      throughput: { median: 0.5, low: 0.5, high: 0.5 },
      cpu: { median: 0.8, low: 0.8, high: 0.8 },
      bare: { perSecond: 8000, cpuMicros: 100, busy: 0.8 },
      subject: { perSecond: 4000, cpuMicros: 125, busy: 0.5 },
    });
  });

  test('compares within pairs: a machine that gets slower by the minute leaves the ratio alone', () => {
    const pairs = Array.from({ length: 50 }, (_, index): Pair => {
      const slowness = 1 + index / 5;
      return { bare: block(0.1 * slowness, 1000 * slowness), subject: block(0.125 * slowness, 2000 * slowness) };
    });
    const { throughput, cpu } = compare(pairs, 10);
    expect(throughput.median).toBeCloseTo(0.8, 10);
    expect(throughput.high - throughput.low).toBeLessThan(1e-9);
    expect(cpu.median).toBeCloseTo(0.5, 10);
  });

  test('needs a pair', () => {
    expect(() => compare([], 1)).toThrow(RangeError);
  });
});
