// npm run policy:reload: replaces bundle or grants every 10 ms while decisions are taken, and wants each to be of the version in force.
import './require-node.mjs';

import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { countLine } from './count.mjs';
import { prepare } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, 'interval-ms': { type: 'string', default: '10' } },
});
const [seconds, intervalMs] = [Number(values.seconds), Number(values['interval-ms'])];
if (!(seconds > 0 && intervalMs > 0)) {
  console.error('usage: npm run policy:reload -- [--seconds 60] [--interval-ms 10]');
  process.exit(2);
}
if (!(await prepare())) process.exit(1);
const { loadPolicy } = await import('../packages/policy/dist/index.js');
const { pack, unpack } = await import('./policy-bundle.mjs');

const versions = 16;
const folder = mkdtempSync(join(tmpdir(), 'dirgate-reload-'));
const [bundlePath, grantsPath] = [join(folder, 'bundle.tar.gz'), join(folder, 'grants.yaml')];
const subject = (version) => `spiffe://reload.example/v${version}`;
const grants = Array.from({ length: versions }, (_, version) => `ids: {"${subject(version)}": [{roles: [admin]}]}\n`);
const inputs = grants.map((_, version) => ({
  subject: { type: 'workload', id: subject(version), properties: { trust_domain: 'reload.example', path: [`v${version}`] } },
  action: { properties: { class: 'read', phase: 'call', service: 's' } },
  resource: { type: 'service', properties: {} },
}));
const bundles = await Promise.all(grants.map((_, version) => markedBundle(version)));
const broken = bundles[0].subarray(0, 20_000);

const count = { written: 0, broken: 0, inForce: 0, decisions: 0 };
const problems = [];
try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  `${count.written} files replaced in ${seconds} s, ${count.broken} of them broken; ${count.inForce} versions in force, ${count.decisions} decisions`,
);
if (count.inForce < 2 || count.decisions === 0) problems.push('nothing was reloaded, or nothing decided: that proves nothing');
for (const problem of problems.slice(0, 20)) console.log(`FAILED ${problem}`);
const failed = problems.length > 0 ? 1 : 0;
console.log(countLine({ passed: 1 - failed, failed }));
process.exitCode = failed;

async function run() {
  replace(bundlePath, bundles[0]);
  replace(grantsPath, grants[0]);
  const live = await loadPolicy({ bundle: bundlePath, data: grantsPath, watch: { settleMs: 0, pollMs: 1000 } });
  let active = versionOf(live.current());
  live.onChange(() => {
    count.inForce += 1;
    active = versionOf(live.current());
  });
  const writer = setInterval(() => {
    const next = count.written + 1;
    if (next % 50 === 0) replace(bundlePath, broken);
    else if (next % 2 === 0) replace(bundlePath, bundles[(next / 2) % versions]);
    else replace(grantsPath, grants[next % versions]);
    count.broken += next % 50 === 0 ? 1 : 0;
    count.written = next;
  }, intervalMs);
  const end = Date.now() + seconds * 1000;
  for (let asked = 0; Date.now() < end; asked = (asked + 1) % versions) {
    try {
      const { allow, revision } = live.current().decide(inputs[asked]);
      count.decisions += 1;
      if (revision !== active.revision) problems.push(`${revision} answered while ${active.revision} was in force`);
      if (allow !== (asked === active.version)) problems.push(`version ${active.version} answered ${allow} for version ${asked}`);
    } catch (error) {
      problems.push(`no decision: ${error.message}`);
    }
    if (asked === 0) await turn();
  }
  clearInterval(writer);
  await live.close();
}

/** Which grants a policy has: exactly one subject is allowed by it. */
function versionOf(policy) {
  const allowed = inputs.flatMap((input, version) => (policy.decide(input).allow ? [version] : []));
  if (allowed.length !== 1) problems.push(`${policy.revision} allows ${allowed.length} subjects`);
  return { revision: policy.revision, version: allowed[0] };
}

function replace(path, content) {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

async function markedBundle(version) {
  const files = await unpack(gunzipSync(readFileSync(join(ROOT, 'policies/dist/directory.tar.gz'))));
  files.set('mark.txt', Buffer.from(`version ${version}`));
  return gzipSync(await pack(files));
}
