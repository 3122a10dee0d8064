import { type Estimate, estimateMedian, median } from './statistics.js';

/** One block of calls against one server. */
export interface Block {
  readonly seconds: number;
  /** CPU time, user and system, that the server's process spent on it. */
  readonly cpuMicros: number;
}

/** A server under load. */
export interface Arm {
  /** Makes `count` calls (or messages) and waits for their answers. Rejects when one of them fails. */
  run(count: number): Promise<Block>;
}

/** Two blocks of the same size, run one right after the other. */
export interface Pair {
  readonly bare: Block;
  readonly subject: Block;
}

/** What one server did per call, as medians over its blocks. */
export interface ArmFigures {
  readonly perSecond: number;
  readonly cpuMicros: number;
  /** CPU time over elapsed time; near 1 when the server, and not the client, was the limit. */
  readonly busy: number;
}

/** A server beside its bare twin. In both ratios 1 means: as fast as bare; less means slower. */
export interface Comparison {
  /** Throughput, subject ÷ bare: the same as time per call, bare ÷ subject. */
  readonly throughput: Estimate;
  /** Server CPU per call, bare ÷ subject. */
  readonly cpu: Estimate;
  readonly bare: ArmFigures;
  readonly subject: ArmFigures;
}

/** Runs one pair. `index` counts the pairs: every other one begins with the subject (ABBA), so that drift cancels out. */
export async function runPair(bare: Arm, subject: Arm, count: number, index: number): Promise<Pair> {
  if (index % 2 === 0) {
    const first = await bare.run(count);
    return { bare: first, subject: await subject.run(count) };
  }
  const first = await subject.run(count);
  return { bare: await bare.run(count), subject: first };
}

/** Compares within each pair, then takes the median over the pairs. `count` is the size of the blocks. @throws RangeError */
export function compare(pairs: readonly Pair[], count: number): Comparison {
  return {
    throughput: estimateMedian(pairs.map(({ bare, subject }) => bare.seconds / subject.seconds)),
    cpu: estimateMedian(pairs.map(({ bare, subject }) => bare.cpuMicros / subject.cpuMicros)),
    bare: figuresOf(
      pairs.map(({ bare }) => bare),
      count,
    ),
    subject: figuresOf(
      pairs.map(({ subject }) => subject),
      count,
    ),
  };
}

function figuresOf(blocks: readonly Block[], count: number): ArmFigures {
  return {
    perSecond: median(blocks.map(({ seconds }) => count / seconds)),
    cpuMicros: median(blocks.map(({ cpuMicros }) => cpuMicros / count)),
    busy: median(blocks.map(({ seconds, cpuMicros }) => cpuMicros / 1e6 / seconds)),
  };
}
