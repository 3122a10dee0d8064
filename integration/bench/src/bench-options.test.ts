import { describe, expect, test } from 'vitest';
import { BenchUsageError, parseBenchOptions, USAGE } from './bench-options.js';
import { BENCHMARKS } from './benchmarks.js';

describe('the command line', () => {
  test('without a word runs everything with enough pairs to publish', () => {
    expect(parseBenchOptions([])).toEqual({
      names: [...BENCHMARKS.keys()],
      pairs: 100,
      quick: false,
      json: false,
      writeReadme: false,
      help: false,
    });
  });

  test('names benchmarks, once each', () => {
    expect(parseBenchOptions(['grpc', 'grpc']).names).toEqual(['grpc']);
  });

  test('--quick has few pairs, unless told how many', () => {
    expect(parseBenchOptions(['--quick']).pairs).toBe(10);
    expect(parseBenchOptions(['--quick', '--pairs', '3']).pairs).toBe(3);
  });

  test('lists the benchmarks when one is unknown', () => {
    expect(() => parseBenchOptions(['grcp'])).toThrow(BenchUsageError);
    expect(() => parseBenchOptions(['grcp'])).toThrow(/"grcp"[\s\S]*\n {2}grpc /);
  });

  test.each(['0', '-1', '1.5', 'many', '', '10001'])('refuses --pairs=%s', (pairs) => {
    expect(() => parseBenchOptions([`--pairs=${pairs}`])).toThrow(BenchUsageError);
  });

  test('refuses an unknown option', () => {
    expect(() => parseBenchOptions(['--fast'])).toThrow(BenchUsageError);
  });

  test('publishes nothing from a small run', () => {
    expect(parseBenchOptions(['--write-readme']).writeReadme).toBe(true);
    expect(() => parseBenchOptions(['--write-readme', '--quick'])).toThrow(BenchUsageError);
    expect(() => parseBenchOptions(['--write-readme', '--pairs', '99'])).toThrow(BenchUsageError);
  });

  test('--help names every benchmark', () => {
    for (const name of BENCHMARKS.keys()) expect(USAGE).toContain(`  ${name} `);
  });
});
