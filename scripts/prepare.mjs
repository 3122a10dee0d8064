import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProcess, runTool } from './run-process.mjs';
import { CACHE, members, ROOT } from './workspace.mjs';

const STAMP = join(CACHE, 'installed');

/**
 * Brings the checkout to where it can run: dependencies as the lockfile says, and `dist` as the sources say.
 * Both do nothing when nothing changed, and then need no network. Resolves to whether it can run; if not, the reason has
 * been printed.
 */
export async function prepare() {
  return (await install()) && (await build());
}

/** Installs from the lockfile, unless the same lockfile and manifests were installed before. */
export async function install() {
  const wanted = fingerprint();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return true;
  progress('installing the dependencies (pnpm 10, from the lockfile) ...');
  const startedAt = Date.now();
  // CI=true: pnpm never asks; a prompt would hang a run that nobody watches.
  const env = { ...process.env, CI: 'true', npm_config_update_notifier: 'false' };
  const { code } = await runProcess('npx', ['-y', '--prefer-offline', 'pnpm@10', 'install', '--frozen-lockfile'], {
    show: true,
    env,
  });
  if (code !== 0) {
    console.error('The dependencies could not be installed. The lines above say why; the first install needs the npm registry.');
    return false;
  }
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(STAMP, wanted);
  progress(`installed in ${seconds(startedAt)}`);
  return true;
}

/** Compiles every package; incremental. */
export async function build() {
  const startedAt = Date.now();
  progress('building ...');
  const { code } = await runTool('typescript/bin/tsc', ['-b'], { show: true });
  if (code !== 0) {
    console.error('The build failed; the compiler says why above.');
    return false;
  }
  progress(`built in ${seconds(startedAt)}`);
  return true;
}

// Node's version and the platform decide which binaries are installed, so they are part of it.
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}\n`);
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'].map((name) => join(ROOT, name));
  for (const path of [...files, ...members().map((member) => join(member.path, 'package.json'))]) {
    hash.update(`${path.slice(ROOT.length)}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

function progress(text) {
  console.log(`· ${text}`);
}

function seconds(startedAt) {
  return `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
}
