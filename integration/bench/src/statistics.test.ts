import { describe, expect, test } from 'vitest';
import { estimateMedian, median } from './statistics.js';

describe('median', () => {
  test('is the middle value, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 7])).toBe(6);
    expect(median([100, 20, 3])).toBe(20); // as numbers, not as text
  });

  test('does not exist without values', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => estimateMedian([])).toThrow(RangeError);
  });
});

describe('the bootstrap interval', () => {
  const oneToHundred = Array.from({ length: 100 }, (_, index) => index + 1);

  test('of equal values is a point', () => {
    expect(estimateMedian([2, 2, 2, 2])).toEqual({ median: 2, low: 2, high: 2 });
  });

  test('holds the median and has the width that order statistics predict', () => {
    const { median: middle, low, high } = estimateMedian(oneToHundred);
    expect(middle).toBe(50.5);
    // The exact 95 % interval of the median of 100 values lies between the 40th and the 61st.
    expect(low).toBeGreaterThanOrEqual(39);
    expect(low).toBeLessThanOrEqual(42);
    expect(high).toBeGreaterThanOrEqual(59);
    expect(high).toBeLessThanOrEqual(62);
  });

  test('is the same for the same values', () => {
    expect(estimateMedian(oneToHundred)).toEqual(estimateMedian(oneToHundred));
  });

  test('does not follow one outlier', () => {
    const { high } = estimateMedian([...Array.from({ length: 30 }, () => 1), 1000]);
    expect(high).toBe(1);
  });

  test('narrows with more values', () => {
    const width = (count: number): number => {
      const { low, high } = estimateMedian(Array.from({ length: count }, (_, index) => (index * 37) % 101));
      return high - low;
    };
    expect(width(400)).toBeLessThan(width(25));
  });
});
