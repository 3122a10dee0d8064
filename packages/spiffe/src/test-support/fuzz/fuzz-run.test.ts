import { describe, expect, test } from 'vitest';
import { SpiffeError } from '../../spiffe-error.js';
import { runTarget, seedOf } from './fuzz-run.js';
import { fuzzTarget } from './fuzz-target.js';
import { FUZZ_TARGETS } from './fuzz-targets.js';
import { mutateText } from './mutate-text.js';
import { sameVerdicts } from './remembered-verdicts.js';

test.each(FUZZ_TARGETS)(
  '$name: good inputs pass, changed ones give no finding, and are not all refused for one reason',
  (target) => {
    const { executions, codes, findings } = runTarget(target, 'test', 0, 150);
    expect({ executions, findings }).toEqual({ executions: 150, findings: [] });
    expect(codes.length).toBeGreaterThan(1);
  },
);

test.each(FUZZ_TARGETS)('$name: the seed decides the input', (target) => {
  const inputs = (seed: string) => Array.from({ length: 20 }, (_, at) => target.input(seedOf(seed, target, at)).show());
  expect(inputs('a')).toEqual(inputs('a'));
  expect(inputs('a')).not.toEqual(inputs('b'));
  expect(new Set(inputs('a')).size).toBeGreaterThan(10);
});

const parserOf = (execute: (text: string) => void) =>
  fuzzTarget({ name: 'planted', good: ['good'], mutate: mutateText, execute, check: () => undefined, show: (text) => text });
const refuse = () => {
  throw new SpiffeError('id_scheme', 'x');
};

test('an error of another type, a slow input and a refused good input are found', () => {
  const foreign = parserOf((text) => {
    if (text !== 'good') JSON.parse('{');
  });
  expect(new Set(runTarget(foreign, 's', 0, 50).findings.map(({ kind }) => kind))).toEqual(new Set(['foreign']));

  const slow = parserOf((text) => {
    const end = performance.now() + (text === 'good' ? 0 : 60);
    while (performance.now() < end);
  });
  const { findings, slowestMs } = runTarget(slow, 's', 0, 3);
  expect(findings.map(({ kind, at }) => [kind, at])).toEqual([
    ['slow', 0],
    ['slow', 1],
    ['slow', 2],
  ]);
  expect(slowestMs).toBeGreaterThan(50);

  expect(runTarget(parserOf(refuse), 's', 0, 10).findings).toEqual([{ kind: 'good input refused', at: 0, what: 'id_scheme' }]);
});

test('a value that cannot be right is found, and the check of it is not timed', () => {
  const wrong = fuzzTarget({
    name: 'planted',
    good: ['good'],
    mutate: mutateText,
    execute: (text) => text.length,
    check: () => {
      const end = performance.now() + 60;
      while (performance.now() < end);
      throw new Error('wrong');
    },
    show: (text) => text,
  });
  const { findings, slowestMs } = runTarget(wrong, 's', 0, 2);
  expect(findings.map(({ kind, what }) => [kind, what])).toEqual([
    ['foreign', 'Error: wrong'],
    ['foreign', 'Error: wrong'],
  ]);
  expect(slowestMs).toBeLessThan(50);
});

describe('an answer that differs from the remembered one is found', () => {
  const execute = (text: string) => (text === 'good' ? text.length : refuse());
  const findingsOf = (verify: (text: string) => number) => {
    const compare = sameVerdicts({ good: ['good'], verify, essence: (value) => value });
    const target = fuzzTarget({
      name: 'planted',
      good: ['good'],
      mutate: mutateText,
      execute,
      check: () => undefined,
      compare,
      show: String,
    });
    const inputs = [...target.good, target.input('s')];
    const { findings } = runTarget({ ...target, input: (seed) => inputs[Number(seed.at(-1))] ?? target.input(seed) }, 's', 0, 2);
    return findings.map(({ kind, at, what }) => [kind, at, what]);
  };
  const wrong = (which: string) => `Error: wrong result: another ${which} verdict of the verifier that remembers`;
  const other = () => {
    throw new SpiffeError('id_path_segment', 'x');
  };

  test('and none is where there is none', () => {
    expect(findingsOf(execute)).toEqual([]);
  });

  test('a changed input that is accepted', () => {
    expect(findingsOf(() => 4)).toEqual([['foreign', 1, wrong('first')]]);
  });

  test('a changed input that is refused for another reason', () => {
    expect(findingsOf((text) => (text === 'good' ? 4 : other()))).toEqual([['foreign', 1, wrong('first')]]);
  });

  test('a changed input that is accepted when it is seen again, and one that has another value', () => {
    const seen = new Set(['good']);
    const again = (text: string) => {
      if (!seen.has(text)) seen.add(text);
      else return 4;
      return refuse();
    };
    expect(findingsOf(again)).toEqual([['foreign', 1, wrong('second')]]);
    expect(findingsOf((text) => (text === 'good' ? 5 : refuse()))).toEqual([['foreign', 0, wrong('first')]]);
  });
});

test('what is slow once is not counted', () => {
  let runs = 0;
  const once = parserOf(() => {
    runs++;
    const end = performance.now() + (runs === 5 ? 60 : 0);
    while (performance.now() < end);
  });
  const { findings, slowestMs } = runTarget(once, 's', 0, 10);
  expect(findings).toEqual([]);
  expect(slowestMs).toBeLessThan(50);
});

test('progress is told, so that a crash can be placed', () => {
  const seen: number[] = [];
  runTarget(
    parserOf(() => undefined),
    's',
    10,
    20,
    { step: 4, onProgress: (at) => seen.push(at) },
  );
  expect(seen).toEqual([10, 14, 18]);
});
