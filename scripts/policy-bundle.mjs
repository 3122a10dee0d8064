// One OPA bundle from Rego sources, the same bytes each time, with the record that @dirgate/policy reads (DESIGN §4.17).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

const tar = createRequire(new URL('../packages/policy/package.json', import.meta.url))('tar-stream');

/**
 * Builds the sources below `folder` (relative to `cwd`; or several), tests left out. `data` becomes the bundle's own data, `revision` the
 * manifest's. The record in the manifest has the phases, what `opa deps` found, the digest of policy.wasm, and `probes` as they
 * are: `{ grants?, cases }`. `record: false` leaves it out.
 */
export async function buildBundle(
  opa,
  { cwd, folder, entrypoint = 'directory/authz/decision', phases = ['call', 'request'], data, revision, probes, record = true },
) {
  if (record && probes === undefined) throw new Error(`${cwd}/${folder}: a bundle with a record needs probes`);
  const scratch = mkdtempSync(join(tmpdir(), 'dirgate-policy-'));
  try {
    const output = join(scratch, 'bundle.tar.gz');
    const sources = ['--ignore', '*_test.rego', ...[folder].flat()];
    if (data !== undefined) {
      writeFileSync(join(scratch, 'data.json'), JSON.stringify(data));
      sources.push(join(scratch, 'data.json'));
    }
    const named = revision === undefined ? [] : ['--revision', revision];
    run(opa, ['build', '-t', 'wasm', '-e', entrypoint, '--prune-unused', ...named, '-o', output, ...sources], cwd);
    const files = await unpack(gunzipSync(readFileSync(output)));
    if (record) {
      const manifest = JSON.parse(files.get('.manifest').toString());
      const inputs = inputsOf(opa, { cwd, folder, entrypoint });
      manifest.metadata = { dirgate: { phases, inputs, wasm_sha256: sha256(files.get('policy.wasm')), probes } };
      files.set('.manifest', Buffer.from(`${JSON.stringify(manifest)}\n`));
    }
    return gzipSync(await pack(files), { level: 9 });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Whether two bundles hold the same; another zlib may compress the same archive to other bytes. */
export function sameBundle(one, other) {
  return gunzipSync(one).equals(gunzipSync(other));
}

// The input references that the entrypoint reads, as paths below `input`, each cut where it stops being constant.
function inputsOf(opa, { cwd, folder, entrypoint }) {
  const rule = `data.${entrypoint.replaceAll('/', '.')}`;
  const { base = [] } = JSON.parse(
    run(opa, ['deps', ...[folder].flat().flatMap((path) => ['-d', path]), rule, '--format', 'json'], cwd),
  );
  const paths = base
    .filter(([head]) => head.type === 'var' && head.value === 'input')
    .map(([, ...terms]) => {
      const end = terms.findIndex((term) => term.type !== 'string');
      return (end < 0 ? terms : terms.slice(0, end)).map((term) => term.value);
    });
  const distinct = new Map(paths.map((path) => [JSON.stringify(path), path]));
  return [...distinct.keys()].sort().map((key) => distinct.get(key));
}

function run(opa, args, cwd) {
  return execFileSync(opa, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The files of a tar archive, by path without a leading slash. */
export async function unpack(bytes) {
  const files = new Map();
  const extract = tar.extract();
  extract.end(bytes);
  for await (const entry of extract) {
    const chunks = [];
    for await (const chunk of entry) chunks.push(chunk);
    files.set(entry.header.name.replace(/^\//, ''), Buffer.concat(chunks));
  }
  return files;
}

/** A tar archive of files: the same bytes for the same files. */
export async function pack(files) {
  const archive = tar.pack();
  for (const name of [...files.keys()].sort()) {
    archive.entry({ name: `/${name}`, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0 }, files.get(name));
  }
  archive.finalize();
  const chunks = [];
  for await (const chunk of archive) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
