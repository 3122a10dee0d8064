// Finds a pinned Go tool: its variable, PATH with exactly the pinned version, or one build by Go into integration/tools/.bin.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './workspace.mjs';

const tools = fileURLToPath(new URL('../integration/tools', import.meta.url));
const bin = join(tools, '.bin');

// `folder` holds the go.mod; one go.mod may pin several tools. SQLite in spire-server is C; spire-agent is built in the same way, so that
// the two share what they compile.
const TOOLS = {
  opa: { folder: 'opa', buildTime: 'about 2 minutes', versionArgs: ['version'] },
  regal: { folder: 'regal', buildTime: 'about a minute', versionArgs: ['version'] },
  'spire-agent': { folder: 'spire', buildTime: '1 to 9 minutes', versionArgs: ['--version'], needsC: true },
  'spire-server': { folder: 'spire', buildTime: 'about 8 minutes', versionArgs: ['--version'], needsC: true },
};

/** One clear sentence for whoever runs a script; the exit code is 2. */
export class ToolMissing extends Error {}

/** The version that the tool's go.mod below integration/tools pins, without the `v`. */
export function pinnedVersion(name) {
  const { folder } = TOOLS[name];
  const { program, text } = goModule(name);
  const versions = [...text.matchAll(/^\s*(?:require )?(\S+) v(\S+)/gm)];
  const version = versions.find(([, module]) => program === module || program?.startsWith(`${module}/`))?.[2];
  if (version === undefined) throw new ToolMissing(`${name}: integration/tools/${folder}/go.mod pins no version of it.`);
  return version;
}

/** The path of a runnable tool; builds it when it must. */
export function findTool(name) {
  const variable = variableOf(name);
  const chosen = process.env[variable];
  if (chosen) {
    if (isExecutable(chosen)) return chosen;
    throw new ToolMissing(`${name}: ${variable}=${chosen} is no executable file; correct or unset it.`);
  }
  return onPath(name) ?? built(name);
}

/** `spire-server` is named by SPIRE_SERVER. */
function variableOf(name) {
  return name.toUpperCase().replaceAll('-', '_');
}

/** The go.mod of a tool, and the one of its `tool` lines that is this tool: a single line, or one of a block. */
function goModule(name) {
  const text = readFileSync(join(tools, TOOLS[name].folder, 'go.mod'), 'utf8');
  const single = text.match(/^tool ([^\s(]+)$/m)?.[1];
  const block =
    text
      .match(/^tool \(([^)]*)\)/m)?.[1]
      ?.trim()
      .split(/\s+/) ?? [];
  return { text, program: single ?? block.find((program) => program.endsWith(`/${name}`)) };
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function onPath(name) {
  const version = pinnedVersion(name);
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    if (!isExecutable(path)) continue;
    const { stdout, stderr } = spawnSync(path, TOOLS[name].versionArgs, { encoding: 'utf8' });
    if (`${stdout}${stderr}`.match(/^(?:Version:\s*v?)?(\d\S*)$/m)?.[1] === version) return path;
  }
  return undefined;
}

// A plain `go build` leaves Regal's own version unknown, so the stamp beside the binary says what it was built from.
function built(name) {
  const { folder, buildTime, needsC = false } = TOOLS[name];
  const version = pinnedVersion(name);
  return buildWithGo({
    name,
    label: `${name} ${version}`,
    folder: join(tools, folder),
    program: goModule(name).program,
    sources: ['go.mod', 'go.sum'],
    buildTime,
    needsC,
    missing: `${name} ${version} was not found (variable ${variableOf(name)}, PATH, integration/tools/.bin) and there is no Go to build it: install either.`,
  });
}

/**
 * Builds a Go program into integration/tools/.bin, unless it was built from the same `sources` before, and gives its path. `missing` is what
 * to say when there is no Go.
 */
export function buildWithGo({ name, label, folder, program, sources, buildTime, missing, needsC = false }) {
  const path = join(bin, name);
  const stampPath = `${path}.stamp`;
  const hash = createHash('sha256');
  for (const file of sources) hash.update(readFileSync(join(folder, file)));
  const stamp = `${hash.digest('hex')}\n`;
  if (isExecutable(path) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return path;

  if (spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) throw new ToolMissing(missing);
  if (needsC && spawnSync(process.env.CC || 'gcc', ['--version'], { stdio: 'ignore' }).status !== 0) {
    throw new ToolMissing(`${label} is partly C and there is no C compiler to build it: install gcc, or name one with CC.`);
  }
  console.error(`Building ${label} with Go into integration/tools/.bin, once; this takes ${buildTime}.`);
  mkdirSync(bin, { recursive: true });
  const fresh = `${path}.${process.pid}`;
  const environment = { ...process.env, CGO_ENABLED: needsC ? '1' : '0', GOFLAGS: '-mod=readonly' };
  const tags = needsC ? ['-tags', 'netgo,osusergo'] : []; // no C where Go will do
  try {
    execFileSync('go', ['build', ...tags, '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', fresh, program], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  } catch (cause) {
    throw new ToolMissing(`${label}: the Go build in ${relative(ROOT, folder)} failed; its output is above.`, { cause });
  }
  renameSync(fresh, path);
  writeFileSync(stampPath, stamp);
  return path;
}
