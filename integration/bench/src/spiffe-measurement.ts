import { type Arm, type Pair, runPair } from './paired-comparison.js';
import type { SpiffeCase, SpiffeGoal } from './spiffe-case.js';
import { createChainCases } from './spiffe-chain-cases.js';
import { createTokenCases } from './spiffe-token-cases.js';
import { type Estimate, estimateMedian, median } from './statistics.js';

/** What the measurement needs. */
export interface SpiffeMeasurementSettings {
  readonly pairs: number;
  /** About how long a block takes. */
  readonly blockMs: number;
  /** How long each case is warmed up for; not counted. */
  readonly warmUpMs: number;
  /** Sizes of the bundle set. */
  readonly trustDomains: readonly number[];
  /** Of each kind; more than a verifier keeps imported keys for. */
  readonly credentials: number;
}

/**
 * What one case came to. All times are CPU time of the process: the work is synchronous, so on an idle machine that is the time
 * it takes, and on a shared one it leaves out what others took. The garbage collector's and the compiler's threads count.
 */
export interface SpiffeFigures {
  readonly name: string;
  readonly kind: SpiffeCase['kind'];
  readonly trustDomains: number;
  readonly signatures: number;
  /** One verification. */
  readonly micros: Estimate;
  /** The raw checks it needs, in microseconds. */
  readonly neededMicros: number;
  /** Its time ÷ that of the raw checks it needs, within each pair. */
  readonly timesNeeded: Estimate;
  /** Its time ÷ that of one raw check, within each pair. */
  readonly timesOne: Estimate;
  readonly goal: SpiffeGoal | undefined;
}

/** A remembered verdict takes so little time that a block of as many would be over before the clock had moved much. */
const REMEMBERED_REPEATS = 25;

interface Measured {
  readonly measured: SpiffeCase;
  readonly subject: Arm;
  /** Twins of the subject: all raw checks that it needs, and one of them. The same arm where it needs one. */
  readonly needed: Arm;
  readonly one: Arm;
  readonly blockSize: number;
  readonly neededPairs: Pair[];
  readonly onePairs: Pair[];
}

/**
 * Measures all cases in this process. A pair is a block of verifications and a block of raw checks of the same credentials, in the
 * order A B, B A, …; all cases take turns, pair by pair.
 */
export async function measureSpiffe(settings: SpiffeMeasurementSettings): Promise<readonly SpiffeFigures[]> {
  const { pairs, trustDomains, credentials } = settings;
  const now = Date.now();
  progress('issuing credentials');
  const cases = [
    ...trustDomains.flatMap((size) => createTokenCases(size, credentials, now)),
    ...(await createChainCases(trustDomains, credentials, now)),
  ];
  progress('warming up');
  const all: Measured[] = [];
  for (const one of cases) all.push(await prepare(one, settings));
  for (let round = 0; round < pairs; round++) {
    for (const { subject, needed, one, blockSize, neededPairs, onePairs } of all) {
      const pair = await runPair(needed, subject, blockSize, round);
      neededPairs.push(pair);
      onePairs.push(one === needed ? pair : await runPair(one, subject, blockSize, round));
    }
    if ((round + 1) % Math.ceil(pairs / 10) === 0) progress(`${round + 1} of ${pairs} pairs`);
  }
  return all.map(figuresOf);
}

async function prepare(measured: SpiffeCase, { blockMs, warmUpMs }: SpiffeMeasurementSettings): Promise<Measured> {
  const { credentials, signatures } = measured;
  const repeats = measured.kind === 'remembered' ? REMEMBERED_REPEATS : 1;
  const subject = armOf(measured.subject, credentials, repeats);
  const needed = armOf(measured.neededVerifies, credentials, 1);
  const one = signatures === 1 ? needed : armOf(measured.oneVerify, credentials, 1);
  // At least once each: afterwards every verifier that remembers knows them all, and every root is imported.
  const until = performance.now() + warmUpMs;
  let seconds = Number.POSITIVE_INFINITY;
  do {
    await subject.run(credentials);
    seconds = Math.min(seconds, (await needed.run(credentials)).cpuMicros / 1e6);
    if (one !== needed) await one.run(credentials);
  } while (performance.now() < until);
  const blockSize = Math.max(1, Math.round((blockMs / 1000 / seconds) * credentials));
  return { measured, subject, needed, one, blockSize, neededPairs: [], onePairs: [] };
}

/** An arm that goes on with the next credential where its last block ended. Each block counts as `count`, done `repeats` times over. */
function armOf(act: (index: number) => void, credentials: number, repeats: number): Arm {
  let next = 0;
  return {
    run: (count) => {
      const cpuBefore = process.cpuUsage();
      const startedAt = performance.now();
      for (let index = 0; index < count * repeats; index++) {
        act(next);
        next = next + 1 === credentials ? 0 : next + 1;
      }
      const seconds = (performance.now() - startedAt) / 1000;
      const { user, system } = process.cpuUsage(cpuBefore);
      return Promise.resolve({ seconds: seconds / repeats, cpuMicros: (user + system) / repeats });
    },
  };
}

function figuresOf({ measured, blockSize, neededPairs, onePairs }: Measured): SpiffeFigures {
  const { name, kind, trustDomains, signatures, goal } = measured;
  return {
    name,
    kind,
    trustDomains,
    signatures,
    micros: estimateMedian(neededPairs.map(({ subject }) => subject.cpuMicros / blockSize)),
    neededMicros: median(neededPairs.map(({ bare }) => bare.cpuMicros / blockSize)),
    timesNeeded: timesBare(neededPairs),
    timesOne: timesBare(onePairs),
    goal,
  };
}

function timesBare(pairs: readonly Pair[]): Estimate {
  return estimateMedian(pairs.map(({ bare, subject }) => subject.cpuMicros / bare.cpuMicros));
}

/** On stderr: stdout is the parent's. */
function progress(text: string): void {
  console.error(`· ${text}`);
}
