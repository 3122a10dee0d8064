/** A median with its 95 % interval. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** As in all reports: the median, then its interval. */
export function formatEstimate({ median, low, high }: Estimate, digits: number): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}

const RESAMPLES = 4000;

/** The middle value, or the mean of the two in the middle. @throws RangeError when there is none */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return middleOf(sorted);
}

/**
 * The median and its percentile bootstrap interval: how far it moves when the same number of values is drawn again from
 * them. The draws come from `seed`, so the same values always give the same interval.
 *
 * @throws RangeError when there is no value
 */
export function estimateMedian(values: readonly number[], seed = 1): Estimate {
  const source = Float64Array.from(values);
  const draw = new Float64Array(source.length);
  const random = mulberry32(seed);
  const medians = new Float64Array(RESAMPLES);
  for (let resample = 0; resample < RESAMPLES; resample++) {
    for (let index = 0; index < draw.length; index++) {
      draw[index] = source[Math.floor(random() * source.length)] ?? Number.NaN;
    }
    medians[resample] = middleOf(draw.sort());
  }
  medians.sort();
  return { median: median(values), low: quantile(medians, 0.025), high: quantile(medians, 0.975) };
}

function middleOf(sorted: Float64Array): number {
  if (sorted.length === 0) throw new RangeError('no values, no median');
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
}

/** A small seeded generator of numbers in [0, 1): `Math.random` could not be repeated. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
