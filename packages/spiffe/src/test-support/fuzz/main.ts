import { runTarget, seedOf } from './fuzz-run.js';
import { type FuzzInput, outcomeOf } from './fuzz-target.js';
import { FUZZ_TARGETS } from './fuzz-targets.js';

// The process that scripts/fuzz.mjs starts for each target, so that a crash or a hang ends one target and not the run.

const [order = '{}'] = process.argv.slice(2);
const {
  target: name,
  seed = '',
  from = 0,
  to = 0,
  step,
  show,
} = JSON.parse(order) as {
  readonly target?: string;
  readonly seed?: string;
  readonly from?: number;
  readonly to?: number;
  readonly step?: number;
  readonly show?: boolean;
};
const target = FUZZ_TARGETS.find((one) => one.name === name);
if (target === undefined) {
  send({ names: FUZZ_TARGETS.map((one) => one.name) });
} else if (show === true) {
  const input = target.input(seedOf(seed, target, from));
  send({ input: input.show() });
  send({ outcome: describe(input) });
} else {
  send({ result: runTarget(target, seed, from, to, { ...(step && { step }), onProgress: (at) => send({ at }) }) });
}

function describe(input: FuzzInput): string {
  try {
    const outcome = outcomeOf(input);
    if ('value' in outcome) input.check(outcome.value);
    input.compare(outcome);
    return 'code' in outcome ? outcome.code : 'accepted';
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

function send(message: object): void {
  process.send?.(message);
}
