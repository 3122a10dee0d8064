// A bundle as policy:check reports it: whether it loads, what its record says, and how long its own probes take.
import { relative, resolve } from 'node:path';
// Not exported: whoever uses a policy has no business with its probes.
import { buildProbedPolicy } from '../packages/policy/dist/build-policy.js';
import { parseBundle } from '../packages/policy/dist/bundle/bundle.js';
import { readBundlePath } from '../packages/policy/dist/bundle/bundle-path.js';
import { loadPolicy, PolicyError } from '../packages/policy/dist/index.js';
import { ROOT } from './workspace.mjs';

const rounds = 300;
/** A decision blocks the process, and with it every other call, for as long as it takes. */
const tooSlowMs = 5;

const rebuild = 'build it with `npm run policy:build -- --out FILE --probes FILE FOLDER...`';

/** Reports, each `[name, problems, remedy]`; the names have the figures. */
export async function bundleReports(file, verification) {
  const path = resolve(file);
  const shown = relative(ROOT, path).startsWith('..') ? path : relative(ROOT, path);
  const loads = `${shown} loads${verification === undefined ? '' : ', is signed'}, and its probes hold`;
  let bundle;
  try {
    const live = await loadPolicy({ bundle: path, watch: false, ...(verification && { verification }) });
    await live.close();
    bundle = parseBundle(await readBundlePath(path), shown);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const isSigned = error.code === 'bundle_unverified';
    return [[loads, error.message, isSigned ? 'it is signed: give --verification-key FILE (--help tells more)' : undefined]];
  }
  const { phases, inputs, probes } = bundle.manifest.record;
  if (probes === undefined) {
    return [
      [loads.replace(/, and its probes hold$/, ''), ''],
      [
        `${shown} has a record`,
        'its manifest has no metadata.dirgate: nothing tests it before it comes into force, and no decision of it is remembered',
        rebuild,
      ],
    ];
  }
  return [
    [loads, ''],
    [`the record of ${shown}: phases ${phases.join(', ')}; reads ${inputs.map((input) => input.join('.')).join(', ')}`, ''],
    timingReport(shown, await buildProbedPolicy(bundle, shown), probes),
  ];
}

function timingReport(shown, policy, { cases }) {
  const times = cases
    .map(({ note, input }) => ({ note, ms: medianOf(() => policy.decide(input)) }))
    .sort((one, other) => one.ms - other.ms);
  const slowest = times.at(-1);
  const slow = times.filter(({ ms }) => ms > tooSlowMs).map(({ note, ms }) => `"${note}" takes ${micros(ms)}`);
  return [
    `each of ${cases.length} probes of ${shown}, timed: ${micros(times[0].ms)} to ${micros(slowest.ms)} ("${slowest.note}")`,
    slow.join('\n'),
    `nothing else of the process runs meanwhile, and ${tooSlowMs} ms are the most: look things up by key instead of going through lists`,
  ];
}

/** Of warmed up code; of what is slow anyway, three must do. */
function medianOf(run) {
  const timed = () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  };
  const count = timed() > tooSlowMs ? 3 : rounds;
  if (count === rounds) for (let round = 0; round < rounds; round += 1) run();
  const times = Array.from({ length: count }, timed);
  return times.sort((one, other) => one - other)[Math.floor(count / 2)];
}

function micros(ms) {
  return `${Math.round(ms * 1000)} µs`;
}
