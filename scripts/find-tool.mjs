// Finds a pinned Go tool: its variable, PATH with exactly the pinned version, or one build by Go into integration/tools/.bin.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tools = fileURLToPath(new URL('../integration/tools', import.meta.url));
const bin = join(tools, '.bin');
const buildTime = { opa: 'about 2 minutes', regal: 'about a minute' };

/** One clear sentence for whoever runs a script; the exit code is 2. */
export class ToolMissing extends Error {}

/** The version that integration/tools/<name>/go.mod pins, without the `v`. */
export function pinnedVersion(name) {
  const { module, text } = goModule(name);
  const version = text.match(new RegExp(`^\\s*(?:require )?${module} v(\\S+)`, 'm'))?.[1];
  if (version === undefined) throw new ToolMissing(`${name}: integration/tools/${name}/go.mod requires no version of ${module}.`);
  return version;
}

/** The path of a runnable tool; builds it when it must. */
export function findTool(name) {
  const chosen = process.env[name.toUpperCase()];
  if (chosen) {
    if (isExecutable(chosen)) return chosen;
    throw new ToolMissing(`${name}: ${name.toUpperCase()}=${chosen} is no executable file; correct or unset it.`);
  }
  return onPath(name) ?? built(name);
}

function goModule(name) {
  const text = readFileSync(join(tools, name, 'go.mod'), 'utf8');
  return { text, module: text.match(/^tool (\S+)$/m)?.[1] };
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
    const { stdout } = spawnSync(path, ['version'], { encoding: 'utf8' });
    if (stdout?.match(/^Version:\s*v?(\S+)/m)?.[1] === version) return path;
  }
  return undefined;
}

// A plain `go build` leaves Regal's own version unknown, so the stamp beside the binary says what it was built from.
function built(name) {
  const path = join(bin, name);
  const stampPath = `${path}.stamp`;
  const folder = join(tools, name);
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(folder, file)));
  const stamp = `${hash.digest('hex')}\n`;
  if (isExecutable(path) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return path;

  const version = pinnedVersion(name);
  if (spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) {
    throw new ToolMissing(
      `${name} ${version} was not found (variable ${name.toUpperCase()}, PATH, integration/tools/.bin) and there is no Go to build it: install either.`,
    );
  }
  console.error(
    `Building ${name} ${version} with Go into integration/tools/.bin, once; this takes ${buildTime[name] ?? 'minutes'}.`,
  );
  mkdirSync(bin, { recursive: true });
  const fresh = `${path}.${process.pid}`;
  const environment = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
  try {
    execFileSync('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', fresh, goModule(name).module], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  } catch (cause) {
    throw new ToolMissing(`${name} ${version}: the Go build in integration/tools/${name} failed; its output is above.`, {
      cause,
    });
  }
  renameSync(fresh, path);
  writeFileSync(stampPath, stamp);
  return path;
}
