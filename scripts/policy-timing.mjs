// How long the decisions of the shipped bundles' probes take.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPolicy } from '../packages/policy/dist/index.js';
import { ROOT } from './workspace.mjs';

const rounds = 300;
/** A decision blocks the process, and with it every other call, for as long as it takes. */
const tooSlowMs = 5;

/** One report for each bundle, `[name, problems, remedy]`; the name has the figures. */
export async function timingReports() {
  const folder = mkdtempSync(join(tmpdir(), 'dirgate-timing-'));
  try {
    return [
      await reportOf(folder, 'directory', 'probes'),
      await reportOf(folder, 'directory-filtered', 'probes-filtered'),
      await reportOf(folder, 'example-porting', 'probes-porting'),
      await reportOf(folder, 'example-paging', 'probes-paging'),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function reportOf(folder, name, probesName) {
  const { grants, cases } = JSON.parse(readFileSync(`${ROOT}/policies/${probesName}.json`, 'utf8'));
  const data = join(folder, 'grants.json');
  writeFileSync(data, JSON.stringify(grants));
  const policy = (await loadPolicy({ bundle: `${ROOT}/policies/dist/${name}.tar.gz`, data, watch: false })).current();
  for (const { input } of cases) for (let round = 0; round < rounds; round += 1) policy.decide(input);
  const times = cases
    .map(({ note, input }) => ({ note, ms: medianOf(() => policy.decide(input)) }))
    .sort((one, other) => one.ms - other.ms);
  const slowest = times.at(-1);
  const slow = times.filter(({ ms }) => ms > tooSlowMs).map(({ note, ms }) => `"${note}" takes ${micros(ms)}`);
  return [
    `each of ${cases.length} probes of ${name}, timed: ${micros(times[0].ms)} to ${micros(slowest.ms)} ("${slowest.note}")`,
    slow.join('\n'),
    'nothing else runs meanwhile: look things up by key instead of going through lists',
  ];
}

function medianOf(run) {
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.sort((one, other) => one - other)[Math.floor(rounds / 2)];
}

function micros(ms) {
  return `${Math.round(ms * 1000)} µs`;
}
