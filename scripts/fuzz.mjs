import './require-node.mjs';

import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { countLine } from './count.mjs';
import { install } from './prepare.mjs';
import { runTool } from './run-process.mjs';
import { ROOT } from './workspace.mjs';

const HELP = `Usage: npm run fuzz -- [options]

Gives changed good inputs to every parser of @dirgate/spiffe. Whatever the bytes, the answer must be a value or a SpiffeError, within
50 ms. Each parser runs in a process of its own. Ends with 1 when one crashed or hung, threw anything else, made a wrong value, or was
slow (more than 50 ms in each of four runs on the same input).

  --runs N       executions of each parser (default 20000)
  --seed TEXT    decides every input, on every machine (default: a new one, which is printed)
  --target NAME  only this parser, as the table names it
  --at I         only execution number I, and shows its input; needs --seed and --target
  --help         this text

The columns: executions, inputs that were accepted, different codes of refusal, crashes and hangs, errors of a foreign type (wrong
values included), inputs over 50 ms, the slowest input.
`;

/** A parser that says nothing for so long hangs: 500 executions take less than a second. */
const HANG_MS = 60_000;
const MAIN = join(ROOT, 'packages', 'spiffe', 'temp', 'fuzz', 'test-support', 'fuzz', 'main.js');

const options = readOptions();
if (!(await install())) finish({ passed: 0, failed: 1 });
const { code, output } = await runTool('typescript/bin/tsc', ['-p', 'packages/spiffe/tsconfig.fuzz.json']);
if (code !== 0) {
  console.error(output);
  finish({ passed: 0, failed: 1 });
}

const { seen: list, failure: notStarted } = await runChild({});
if (notStarted !== undefined) {
  console.error(`the parsers cannot be run: ${notStarted}`);
  finish({ passed: 0, failed: 1 });
}
const { names } = list;
const targets = options.target === undefined ? names : names.filter((name) => name === options.target);
if (targets.length === 0) usage(`there is no target ${JSON.stringify(options.target)}; there are: ${names.join(', ')}`);
if (options.at !== undefined) await showOne(targets[0]);

console.log(`seed ${options.seed}, ${options.runs} executions of each parser`);
console.log(line('parser', 'executions', 'accepted', 'codes', 'crashes', 'foreign', '> 50 ms', 'slowest'));
const count = { passed: 0, failed: 0 };
const queue = [...targets];
// Two at a time: what a neighbour slows down is measured again, and counts only if it is slow each time.
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
finish(count);

async function work() {
  for (let target = queue.shift(); target !== undefined; target = queue.shift()) {
    const { columns, findings } = await fuzz(target);
    count[findings.length === 0 ? 'passed' : 'failed'] += 1;
    console.log(line(target, ...columns));
    for (const { kind, at, what } of findings.slice(0, 10)) {
      console.log(`  ${kind} in execution ${at}: ${what}`);
      console.log(`    npm run fuzz -- --seed '${options.seed}' --target '${target}' --at ${at}`);
    }
    if (findings.length > 10) console.log(`  and ${findings.length - 10} more`);
  }
}

/** Runs one parser. */
async function fuzz(target) {
  const order = { target, seed: options.seed, from: 0, to: options.runs };
  const { seen, failure } = await runChild(order);
  if (failure !== undefined) {
    // Once more from where it was last heard of, step by step.
    const again = await runChild({ ...order, from: seen.at ?? 0, step: 1 });
    const at = again.seen.at ?? seen.at ?? 0;
    const what = again.failure ?? `${failure}, but not a second time`;
    return { columns: [at, '', '', 1, '', '', ''], findings: [{ kind: 'crash', at, what }] };
  }
  const { executions, accepted, codes, slowestMs, findings } = seen.result;
  const of = (kind) => findings.filter((finding) => finding.kind === kind).length;
  const slowest = `${slowestMs.toFixed(1)} ms`;
  return { columns: [executions, accepted, codes.length, 0, of('foreign'), of('slow'), slowest], findings };
}

async function showOne(target) {
  const { seen, failure } = await runChild({ target, seed: options.seed, from: options.at, show: true });
  console.log(`input: ${seen.input}\noutcome: ${seen.outcome ?? failure}`);
  process.exit(failure === undefined ? 0 : 1);
}

/** What a child said, joined, and how it failed if it did. */
function runChild(order) {
  return new Promise((resolve) => {
    const child = fork(MAIN, [JSON.stringify(order)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const seen = {};
    let failure;
    const hang = setTimeout(() => {
      failure = `nothing was heard for ${HANG_MS / 1000} s`;
      child.kill('SIGKILL');
    }, HANG_MS);
    child.on('message', (message) => {
      Object.assign(seen, message);
      hang.refresh();
    });
    child.on('error', (error) => {
      failure ??= error.message;
    });
    child.on('close', (exitCode, signal) => {
      clearTimeout(hang);
      if (exitCode !== 0) failure ??= `the process ended with ${signal ?? `status ${exitCode}`}`;
      resolve({ seen, failure });
    });
  });
}

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        runs: { type: 'string', default: '20000' },
        seed: { type: 'string', default: randomBytes(6).toString('hex') },
        target: { type: 'string' },
        at: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    usage(error.message);
  }
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const whole = (name) => {
    const text = values[name];
    if (text === undefined) return undefined;
    if (!/^\d{1,12}$/.test(text)) usage(`--${name} must be a whole number`);
    return Number(text);
  };
  const [runs, at] = [whole('runs'), whole('at')];
  if (runs === 0) usage('--runs must be at least 1');
  if (at !== undefined && (values.target === undefined || !process.argv.some((one) => one.startsWith('--seed')))) {
    usage('--at needs --seed and --target');
  }
  return { runs, at, seed: values.seed, target: values.target };
}

function usage(problem) {
  console.error(`${problem}\n\n${HELP}`);
  process.exit(2);
}

function line(name, ...columns) {
  return name.padEnd(26) + columns.map((column) => String(column).padStart(11)).join('');
}

function finish(counted) {
  console.log(countLine(counted));
  process.exit(counted.failed > 0 ? 1 : 0);
}
