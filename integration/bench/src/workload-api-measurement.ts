import { CleanUp } from '@dirgate/harness';
import { allocatedBytes } from './allocated-bytes.js';
import { ForkedProcess } from './forked-process.js';
import { longestTurn } from './longest-turn.js';
import { type Arm, type Pair, runPair } from './paired-comparison.js';
import { type Estimate, estimateMedian, median } from './statistics.js';
import type { Work, WorkloadApiCase } from './workload-api-case.js';
import { openWorkloadApiCases } from './workload-api-cases.js';

/** What the measurement needs. */
export interface WorkloadApiMeasurementSettings {
  readonly pairs: number;
  /** About how long a block of reads takes; one of updates takes ten times as long. */
  readonly blockMs: number;
  /** How long each case is warmed up for; not counted. */
  readonly warmUpMs: number;
  /** Numbers of federated trust domains that updates are applied at, in rising order; reads are done at the last. */
  readonly trustDomains: readonly number[];
  /** How many updates the longest turn of the event loop is taken from, one by one. */
  readonly turns: number;
  /** An empty directory for sockets. */
  readonly directory: string;
}

/** What one case came to. All times but those of turns are CPU time of the process, as in the benchmark `spiffe`. */
export interface WorkloadApiFigures
  extends Pick<WorkloadApiCase, 'name' | 'kind' | 'trustDomains' | 'goalMicros' | 'allocatesNothing'> {
  /** One read, or one update. */
  readonly micros: Estimate;
  readonly twinMicros: number;
  /** Its time ÷ that of its twin, within each pair. */
  readonly timesTwin: Estimate;
  /** Bytes allocated each, medians; none for updates. */
  readonly bytes: { readonly subject: number; readonly twin: number } | undefined;
  readonly update: UpdateFigures | undefined;
}

/** What there is to tell of updates only. */
export interface UpdateFigures {
  /** The same message received by a bare gRPC client. */
  readonly receivedMicros: number;
  /** Time of the update ÷ time of receiving and decoding it, within each pair. */
  readonly timesReceivedAndDecoded: Estimate;
  /** Time of the update less that of receiving it, within each pair: until a change listener was told and readers see it. */
  readonly afterArrivalMicros: Estimate;
  /** The longest turn of the event loop of each update, in ms. */
  readonly longestTurnMs: { readonly median: number; readonly most: number };
}

/** Each block asks the agent once, which is not what is measured. */
const LONGER_UPDATE_BLOCKS = 10;
/** An agent takes longer to encode a message of ten thousand bundles than it takes to apply it. */
const LARGEST_UPDATE_BLOCK = 50;
const ALLOCATION_READS = 20_000;
const ALLOCATION_ROUNDS = 11;
const WARM_UP_BLOCK = { read: 10_000, token: 1_000, update: 2 } as const;

interface Measured {
  readonly measured: WorkloadApiCase;
  readonly blockSize: number;
  readonly pairs: Pair[];
  readonly received: number[];
}

/** Measures all cases in this process, with an agent in another. All cases take turns, pair by pair (A B, B A, …). */
export async function measureWorkloadApi(settings: WorkloadApiMeasurementSettings): Promise<readonly WorkloadApiFigures[]> {
  await using cleanUp = new CleanUp();
  const agent = cleanUp.use(new ForkedProcess(new URL('./workload-api-agent-process.js', import.meta.url)));
  const { pairs, trustDomains, directory } = settings;
  progress('connecting');
  const ask = (question: unknown): Promise<unknown> => agent.ask(question);
  const cases = await openWorkloadApiCases({ trustDomains, directory, ask, cleanUp });
  progress('warming up');
  const all: Measured[] = [];
  for (const one of cases) all.push(await warmUp(one, settings));
  for (let round = 0; round < pairs; round++) {
    for (const one of all) await runRound(one, round);
    if ((round + 1) % Math.ceil(pairs / 10) === 0) progress(`${round + 1} of ${pairs} pairs`);
  }
  const figures: WorkloadApiFigures[] = [];
  for (const one of all) figures.push(await figuresOf(one, settings));
  return figures;
}

async function warmUp(measured: WorkloadApiCase, { blockMs, warmUpMs }: WorkloadApiMeasurementSettings): Promise<Measured> {
  const count = WARM_UP_BLOCK[measured.kind];
  const until = performance.now() + warmUpMs;
  let cpuMicros = Number.POSITIVE_INFINITY;
  do {
    await measured.twin(count);
    if (measured.received) await measured.received(count);
    cpuMicros = Math.min(cpuMicros, (await armOf(measured.subject).run(count)).cpuMicros / count);
  } while (performance.now() < until);
  const wanted = Math.max(1, Math.round((blockMs * 1000) / cpuMicros));
  const wantedUpdates = Math.max(1, Math.round((LONGER_UPDATE_BLOCKS * blockMs * 1000) / cpuMicros));
  const blockSize = measured.kind === 'update' ? Math.min(wantedUpdates, LARGEST_UPDATE_BLOCK) : wanted;
  return { measured, blockSize, pairs: [], received: [] };
}

async function runRound({ measured, blockSize, pairs, received }: Measured, round: number): Promise<void> {
  pairs.push(await runPair(armOf(measured.twin), armOf(measured.subject), blockSize, round));
  if (measured.received) received.push((await armOf(measured.received).run(blockSize)).cpuMicros);
}

/** CPU time of the whole process: the work is all that it does meanwhile. */
function armOf(work: Work): Arm {
  return {
    run: async (count) => {
      const cpuBefore = process.cpuUsage();
      const startedAt = performance.now();
      const running = work(count);
      if (running !== undefined) await running;
      const seconds = (performance.now() - startedAt) / 1000;
      const { user, system } = process.cpuUsage(cpuBefore);
      return { seconds, cpuMicros: user + system };
    },
  };
}

async function figuresOf(one: Measured, settings: WorkloadApiMeasurementSettings): Promise<WorkloadApiFigures> {
  const { measured, blockSize, pairs } = one;
  const { name, kind, trustDomains, goalMicros, allocatesNothing } = measured;
  return {
    name,
    kind,
    trustDomains,
    goalMicros,
    allocatesNothing,
    micros: estimateMedian(pairs.map(({ subject }) => subject.cpuMicros / blockSize)),
    twinMicros: median(pairs.map(({ bare }) => bare.cpuMicros / blockSize)),
    timesTwin: estimateMedian(pairs.map(({ bare, subject }) => subject.cpuMicros / bare.cpuMicros)),
    bytes: kind === 'update' ? undefined : { subject: await bytesEach(measured.subject), twin: await bytesEach(measured.twin) },
    update: kind === 'update' ? await updateFiguresOf(one, settings) : undefined,
  };
}

async function bytesEach(work: Work): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ALLOCATION_ROUNDS; round++) rounds.push(await allocatedBytes(work, ALLOCATION_READS));
  return median(rounds);
}

async function updateFiguresOf(
  { measured, blockSize, pairs, received }: Measured,
  { turns }: WorkloadApiMeasurementSettings,
): Promise<UpdateFigures> {
  const longest: number[] = [];
  for (let turn = 0; turn < turns; turn++) longest.push(await longestTurn(() => measured.subject(1)));
  return {
    receivedMicros: median(received.map((cpuMicros) => cpuMicros / blockSize)),
    timesReceivedAndDecoded: estimateMedian(
      pairs.map(({ bare, subject }, round) => subject.cpuMicros / (bare.cpuMicros + (received[round] ?? Number.NaN))),
    ),
    afterArrivalMicros: estimateMedian(
      pairs.map(({ subject }, round) => (subject.cpuMicros - (received[round] ?? Number.NaN)) / blockSize),
    ),
    longestTurnMs: { median: median(longest), most: Math.max(...longest) },
  };
}

/** On stderr: stdout is the parent's. */
function progress(text: string): void {
  console.error(`· ${text}`);
}
