import { OpaServer } from './opa-server.js';
import { type Arm, type Pair, runPair } from './paired-comparison.js';
import {
  type DecideInTurns,
  enforcing,
  evaluating,
  evaluatingOne,
  judgingMessages,
  policyWith,
  refusing,
  remembering,
  requireAllowed,
} from './policy-arms.js';
import { grantsOf, hostileInput, idOf, policyInputs } from './policy-inputs.js';
import { tailArm } from './policy-tail.js';
import { type Estimate, estimateMedian, median } from './statistics.js';

/** What the measurement needs. */
export interface PolicyMeasurementSettings {
  /** The program. */
  readonly opa: string;
  readonly pairs: number;
  /** About how long a block takes. */
  readonly blockMs: number;
}

/** One comparison: the subject beside its twin, microseconds a decision. */
export interface PolicyFigures {
  readonly subject: string;
  readonly twin: string;
  readonly subjectMicros: Estimate;
  readonly twinMicros: number;
  /** Twin ÷ subject, within each pair: how many times faster. */
  readonly timesFaster: Estimate;
  readonly goals: PolicyGoals;
}

/** What the project set out to reach. */
export interface PolicyGoals {
  readonly micros?: number;
  /** At least so many times as fast as the twin. */
  readonly timesFaster?: number;
}

interface Comparison {
  readonly subject: readonly [name: string, arm: Arm];
  readonly twin: readonly [name: string, arm: Arm];
  /** Decisions in a block. */
  readonly count: number;
  /** Of how many decisions its seconds are. */
  readonly per: number;
  readonly goals: PolicyGoals;
  readonly pairs: Pair[];
}

const FEW = 10;
const MANY = 10_000;
/** Honest decisions in a block whose 99th percentile is taken. */
const TAIL = 490;

/** Measures all comparisons in this process, in turns, pair by pair. Elapsed time: a decision over HTTP waits for another process. */
export async function measurePolicy(settings: PolicyMeasurementSettings): Promise<readonly PolicyFigures[]> {
  const [few, many] = [grantsOf(FEW), grantsOf(MANY)];
  const manyBytes = Buffer.byteLength(JSON.stringify(many));
  await using server = await OpaServer.start(settings.opa, few);
  const inputs = policyInputs(FEW);
  const manyInputs = policyInputs(MANY);
  const policy = await policyWith(few);
  const manyPolicy = await policyWith(many);
  const evaluated = armOf(evaluating(policy, inputs));
  const remembered = armOf(await remembering(policy, inputs));
  const honest = evaluating(policy, inputs);
  const hostile = [refusing(policy, hostileInput(1_000_000)), evaluatingOne(policy, hostileInput(256 * 1024))];
  const uncached = `evaluated, ${FEW} grants`;
  const cached = 'remembered';
  const comparisons: readonly Comparison[] = [
    await prepare(settings, [uncached, evaluated], ['opa run --server, HTTP on loopback', httpArm(server, inputs)], {
      micros: 50,
      timesFaster: 8,
    }),
    await prepare(
      settings,
      [
        `evaluated, ${MANY.toLocaleString('en')} grants (${(manyBytes / 1e6).toFixed(1)} MB of data)`,
        armOf(evaluating(manyPolicy, manyInputs)),
      ],
      [uncached, evaluated],
      { timesFaster: 1 / 1.2 },
    ),
    await prepare(settings, [cached, remembered], ['casbin enforceSync, 10 rules', armOf(await enforcing(FEW))], {
      micros: 0.5,
      timesFaster: 1,
    }),
    await prepare(settings, [cached, remembered], [uncached, evaluated], {}),
    await prepare(
      settings,
      ['a message in the guard, remembered', armOf(await judgingMessages(policy, idOf(0)))],
      ['a message in the guard, evaluated', armOf(await judgingMessages({ ...policy, inputs: undefined }, idOf(0)))],
      {},
    ),
    await prepare(settings, [uncached, evaluated], ['casbin enforceSync, 100 rules', armOf(await enforcing(100))], {}),
    ...[false, true].map((waits) => {
      const named = (beside: string) => `p99 ${waits ? 'with the wait, 1,000 calls a second' : 'of honest decisions'}, ${beside}`;
      return {
        subject: [named('2 in 100 hostile'), tailArm({ decide: honest, hostile, waits })] as const,
        twin: [named('none'), tailArm({ decide: honest, hostile: [], waits })] as const,
        count: TAIL,
        per: 1,
        goals: {},
        pairs: [],
      };
    }),
  ];
  for (let round = 0; round < settings.pairs; round++) {
    for (const { subject, twin, count, pairs } of comparisons) pairs.push(await runPair(twin[1], subject[1], count, round));
    if ((round + 1) % Math.ceil(settings.pairs / 10) === 0) console.error(`· ${round + 1} of ${settings.pairs} pairs`);
  }
  return comparisons.map(figuresOf);
}

/** Warms both up, and sizes the blocks by the faster: so many decisions take it about `blockMs`, at most 20 times that in the slower. */
async function prepare(
  { blockMs }: PolicyMeasurementSettings,
  subject: Comparison['subject'],
  twin: Comparison['twin'],
  goals: PolicyGoals,
): Promise<Comparison> {
  const secondsEach = async (arm: Arm): Promise<number> => {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 20; round++) best = Math.min(best, (await arm.run(100)).seconds / 100);
    return best;
  };
  const [fast, slow] = [await secondsEach(subject[1]), await secondsEach(twin[1])].sort((one, other) => one - other) as [
    number,
    number,
  ];
  const count = Math.max(20, Math.round(Math.min(blockMs / 1000 / fast, (20 * blockMs) / 1000 / slow)));
  return { subject, twin, count, per: count, goals, pairs: [] };
}

function armOf(decide: DecideInTurns): Arm {
  let next = 0;
  return {
    run: (count) =>
      timed(async () => {
        for (let index = 0; index < count; index++) {
          const waits = decide(next++);
          if (waits !== undefined) await waits;
        }
      }),
  };
}

function httpArm(server: OpaServer, inputs: readonly object[]): Arm {
  let next = 0;
  return {
    run: (count) =>
      timed(async () => {
        for (let index = 0; index < count; index++) requireAllowed(await server.decide(inputs[next++ % inputs.length] as object));
      }),
  };
}

async function timed(work: () => void | Promise<void>): Promise<{ readonly seconds: number; readonly cpuMicros: number }> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { seconds, cpuMicros: user + system };
}

function figuresOf({ subject, twin, per, goals, pairs }: Comparison): PolicyFigures {
  const micros = (seconds: number): number => (seconds * 1e6) / per;
  return {
    subject: subject[0],
    twin: twin[0],
    subjectMicros: estimateMedian(pairs.map((pair) => micros(pair.subject.seconds))),
    twinMicros: median(pairs.map((pair) => micros(pair.bare.seconds))),
    timesFaster: estimateMedian(pairs.map((pair) => pair.bare.seconds / pair.subject.seconds)),
    goals,
  };
}
