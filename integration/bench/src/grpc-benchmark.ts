import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CleanUp } from '@dirgate/harness';
import { type BenchmarkIdentities, createBenchmarkIdentities } from './benchmark-identities.js';
import { ForkedProcess } from './forked-process.js';
import type { GuardSettings } from './guard-under-test.js';
import type { Cost, CostSettings } from './in-process-costs.js';
import { COUNT_STEP, type LoadSettings, type Shape } from './load.js';
import { type Arm, type Comparison, compare, type Pair, runPair } from './paired-comparison.js';
import { startServerArm } from './server-arm.js';
import type { ServerSettings } from './server-under-test.js';

/** How long and how thorough a run is. */
export interface GrpcBenchmarkOptions {
  readonly pairs: number;
  /** About how long one block of the bare server takes; blocks are made that large once, from the warm-up. */
  readonly blockMs: number;
  /** How long each server is warmed up for; not counted. */
  readonly warmUpMs: number;
  /** Batches per in-process cost. */
  readonly batches: number;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** One line of the table. */
export interface ComparisonResult extends Comparison {
  readonly name: string;
  /** `control`: bare against bare; what differs from 1 there is noise. */
  readonly kind: 'guarded' | 'control';
  readonly unit: 'call' | 'message';
  /** Calls or messages in a block. */
  readonly blockSize: number;
}

/** What a run found. */
export interface GrpcBenchmarkResult {
  readonly comparisons: readonly ComparisonResult[];
  readonly costs: readonly Cost[];
  /** How long all of it took. */
  readonly seconds: number;
}

interface ComparisonPlan {
  readonly name: string;
  readonly shape: Shape;
  readonly credential: 'x509' | 'jwt';
  readonly subject: GuardSettings['policy'] | 'bare';
}

const PLANS: readonly ComparisonPlan[] = [
  { name: 'unary, X.509-SVID', shape: 'unary', credential: 'x509', subject: 'shipped' },
  { name: 'unary, JWT-SVID', shape: 'unary', credential: 'jwt', subject: 'shipped' },
  { name: 'bidi, X.509-SVID', shape: 'bidi', credential: 'x509', subject: 'shipped' },
  { name: 'unary, X.509-SVID, every decision evaluated', shape: 'unary', credential: 'x509', subject: 'uncached' },
  { name: 'bidi, X.509-SVID, every decision evaluated', shape: 'bidi', credential: 'x509', subject: 'uncached' },
  { name: 'bidi, X.509-SVID, phase call only', shape: 'bidi', credential: 'x509', subject: 'call-phase' },
  { name: 'control: unary, bare twice', shape: 'unary', credential: 'x509', subject: 'bare' },
  { name: 'control: bidi, bare twice', shape: 'bidi', credential: 'x509', subject: 'bare' },
];

const WARM_UP_BLOCK = 25 * COUNT_STEP;
/** By then V8 has optimized what matters, on a busy machine too. */
const MIN_WARM_UP_CALLS = 10 * WARM_UP_BLOCK;
/** Several times what is in flight: smaller blocks would be mostly start and end. */
const MIN_BLOCK = 16 * COUNT_STEP;

interface Twins {
  readonly plan: ComparisonPlan;
  readonly bare: Arm;
  readonly subject: Arm;
  /** Calls or messages in a block. */
  readonly blockSize: number;
  readonly pairs: Pair[];
}

/** What belongs to one run. */
interface Run {
  readonly identities: BenchmarkIdentities;
  readonly directory: string;
  readonly cleanUp: CleanUp;
}

/**
 * Runs everything: starts the servers, two processes per comparison, warms them up, runs one pair of each comparison in
 * turn until there are enough, then measures the in-process costs alone. Writes below the temporary directory only and
 * removes that. Rejects when any call fails, or with the reason of `signal`.
 */
export async function runGrpcBenchmark(options: GrpcBenchmarkOptions): Promise<GrpcBenchmarkResult> {
  const { signal } = options;
  const startedAt = performance.now();
  signal.throwIfAborted();
  await using cleanUp = new CleanUp();
  const directory = await mkdtemp(join(tmpdir(), 'dirgate-bench-'));
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
  const identities = cleanUp.use(await createBenchmarkIdentities());
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  const run = { identities, directory, cleanUp };
  const comparisons = await Promise.race([runComparisons(options, run), aborted]);
  const costs = await Promise.race([measureCostsApart(options, run), aborted]);
  return { comparisons, costs, seconds: (performance.now() - startedAt) / 1000 };
}

async function runComparisons(options: GrpcBenchmarkOptions, run: Run): Promise<readonly ComparisonResult[]> {
  const { pairs: wanted, signal, progress } = options;
  await using servers = new CleanUp();
  run.cleanUp.defer(() => servers[Symbol.asyncDispose]());
  const all: Twins[] = [];
  for (const [index, plan] of PLANS.entries()) {
    progress(`warming up: ${plan.name}`);
    all.push(await startTwins(plan, options, { ...run, cleanUp: servers }, index));
  }
  for (let round = 0; round < wanted; round++) {
    for (const { bare, subject, blockSize, pairs } of all) {
      signal.throwIfAborted();
      pairs.push(await runPair(bare, subject, blockSize, round));
    }
    if ((round + 1) % Math.ceil(wanted / 10) === 0) progress(`${round + 1} of ${wanted} pairs`);
  }
  return all.map(({ plan, blockSize, pairs }) => ({
    name: plan.name,
    kind: plan.subject === 'bare' ? 'control' : 'guarded',
    unit: plan.shape === 'unary' ? 'call' : 'message',
    blockSize,
    ...compare(pairs, blockSize),
  }));
}

async function startTwins(plan: ComparisonPlan, options: GrpcBenchmarkOptions, run: Run, index: number): Promise<Twins> {
  const { identities, directory, cleanUp } = run;
  const client: Omit<LoadSettings, 'port'> = {
    shape: plan.shape,
    roots: identities.roots,
    ...(plan.credential === 'x509' ? { certificate: identities.caller } : { token: identities.callerToken }),
  };
  const bareServer: ServerSettings = {
    kind: 'bare',
    identity: identities.server,
    roots: identities.roots,
    requireClientCertificate: plan.credential === 'x509',
  };
  const { workloadApi } = identities;
  const subjectServer: ServerSettings =
    plan.subject === 'bare'
      ? bareServer
      : { kind: 'guarded', guard: { workloadApi, auditFile: join(directory, `audit-${index}.jsonl`), policy: plan.subject } };
  const bare = await startServerArm(bareServer, client, cleanUp);
  const subject = await startServerArm(subjectServer, client, cleanUp);
  const perSecond = await warmUp(bare, options.warmUpMs);
  await warmUp(subject, options.warmUpMs);
  const steps = Math.round((perSecond * options.blockMs) / 1000 / COUNT_STEP);
  const blockSize = Math.max(MIN_BLOCK, steps * COUNT_STEP);
  return { plan, bare, subject, blockSize, pairs: [] };
}

/** Runs blocks for `ms`, longer where that is too little work, and answers how many calls a second the best of them made. */
async function warmUp(arm: Arm, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let perSecond = 0;
  for (let calls = 0; calls < MIN_WARM_UP_CALLS || performance.now() < until; calls += WARM_UP_BLOCK) {
    const { seconds } = await arm.run(WARM_UP_BLOCK);
    perSecond = Math.max(perSecond, WARM_UP_BLOCK / seconds);
  }
  return perSecond;
}

async function measureCostsApart({ batches, progress }: GrpcBenchmarkOptions, run: Run): Promise<readonly Cost[]> {
  progress('costs in process');
  const { workloadApi, callerChain, callerToken } = run.identities;
  const process = run.cleanUp.use(new ForkedProcess(new URL('./costs-process.js', import.meta.url)));
  const settings: CostSettings = {
    guard: { workloadApi, auditFile: join(run.directory, 'audit-costs.jsonl') },
    callerChain,
    callerToken,
    batches,
    batchSize: 100, // short enough that most batches are not interrupted
  };
  return (await process.ask(settings)) as readonly Cost[];
}
