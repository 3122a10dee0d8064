// npm run policy:replay: judges a recorded decision log again by a candidate bundle, before that is shipped.
import './require-node.mjs';

import { parseArgs } from 'node:util';
import { readVerification, verificationHelp, verificationOptions } from './policy-verification.mjs';
import { prepare } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

const HELP = `npm run policy:replay -- --log FILE... --bundle FILE [--data FILE] [--quiet]

Judges every decision of a decision log again by another policy, and lists those that would be others.

  --log FILE     a decision log (JSON lines), compressed by gzip or not; once per file, oldest first
  --bundle FILE  the candidate: a bundle (.tar.gz, or the directory of one)
  --data FILE    the grants to judge it with; without them the bundle's own data is all there is
  --quiet        only the summary

${verificationHelp}

Exit code: 0 every decision was judged and has the same verdict; 1 some verdict changes; 2 the options or files are no good,
or nobody can say: some decision could not be judged again, or the log has none of a phase that the candidate judges.`;

const BAD_INPUT = 2;

let options;
try {
  ({ values: options } = parseArgs({
    options: {
      log: { type: 'string', multiple: true },
      bundle: { type: 'string' },
      data: { type: 'string' },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      ...verificationOptions,
    },
  }));
} catch (error) {
  fail(`${error.message.split('\n')[0]} (--help tells more)`);
}
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
if (options.log === undefined || options.bundle === undefined) fail('give --log FILE and --bundle FILE (--help tells more)');

const print = console.log;
console.log = console.error; // stdout is for the differences
if (!(await prepare())) process.exit(BAD_INPUT);

try {
  const { loadPolicy } = await import(`${ROOT}/packages/policy/dist/index.js`);
  const { replayDecisions } = await import(`${ROOT}/packages/guard/dist/index.js`);
  const { bundle, data, log, quiet } = options;
  const verification = readVerification(options);
  const live = await loadPolicy({ bundle, ...(data !== undefined && { data }), ...(verification && { verification }) });
  const policy = live.current();
  const show = (text) => quiet || print(text);
  const report = await replayDecisions({
    log,
    policy,
    onDifference: (difference) => show(differenceText(difference)),
    onUnjudged: (line) => show(`not judged  ${line.reason} (${safe(line.detail)})  ${placeText(line)}`),
  });
  const unjudged = Object.entries(report.unjudged).filter(([, count]) => count > 0);
  const left = unjudged.reduce((sum, [, count]) => sum + count, 0);
  print(
    `${report.judged} judged again by revision ${safe(policy.revision)}: ${report.changed} with another verdict, ${report.otherReasons} for other reasons`,
  );
  print(
    `${left} not judged${left === 0 ? '' : `: ${unjudged.map(([reason, count]) => `${count} ${reason}`).join(', ')}`}; ${report.others} other lines`,
  );
  for (const phase of report.unseenPhases) print(`nothing is known of phase ${phase}: no decision of it was judged`);
  process.exitCode = report.changed > 0 ? 1 : left > 0 || report.unseenPhases.length > 0 ? BAD_INPUT : 0;
} catch (error) {
  fail(error.message);
}

function differenceText({ kind, subject, method, phase, resource, before, after, timestamp, ...place }) {
  const what = [subject ?? '(masked)', method ?? '(masked)', phase, resource ?? '(masked)'].map(safe).join('  ');
  return `${kind === 'verdict' ? 'CHANGED   ' : 'reasons   '}  ${what}  ${answerText(before)} -> ${answerText(after)}  ${safe(timestamp)}  ${placeText(place)}`;
}

function answerText({ allow, reasons }) {
  return `${allow ? 'allow' : 'deny'} [${reasons.map(safe).join(' ')}]`;
}

function placeText({ file, line, decisionId }) {
  return `${file}:${line}${decisionId === undefined ? '' : ` decision ${safe(decisionId)}`}`;
}

// A log holds what callers wrote: nothing of it may steer a terminal.
function safe(text) {
  return text.replaceAll(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function fail(message) {
  console.error(`policy:replay: ${message}`);
  process.exit(BAD_INPUT);
}
