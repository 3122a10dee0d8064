// npm run policy:build: policies/dist/*.tar.gz from Rego, and the code generated from policies/schemas.
// `-- --out FILE --probes FILE [--phases NAME,...] FOLDER...` builds a bundle of your own instead.
import './require-node.mjs';

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, install } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

const own = readArguments();
if (!(await install())) process.exit(1);
const { findTool, ToolMissing } = await import('./find-tool.mjs');
const { products } = await import('./policy-products.mjs');

const { buildBundle } = await import('./policy-bundle.mjs');

try {
  const opa = findTool('opa');
  if (own === undefined) await buildProducts(opa);
  else await buildOwn(opa, own);
} catch (error) {
  console.error(error.stderr || error.stdout || error.message); // opa says on either what is wrong
  process.exitCode = error instanceof ToolMissing ? 2 : 1;
}

async function buildProducts(opa) {
  for (const { path, bytes, current } of await products(opa)) {
    if (!current) {
      mkdirSync(dirname(`${ROOT}/${path}`), { recursive: true });
      writeFileSync(`${ROOT}/${path}`, bytes);
    }
    console.log(`${current ? 'current' : 'written'} ${path}`);
  }
}

/** What does not load would be found out by a server: its record and its probes are tried before it is written. */
async function buildOwn(opa, { out, probes, phases, folders }) {
  const bytes = await buildBundle(opa, {
    cwd: process.cwd(),
    folder: folders,
    phases,
    probes: JSON.parse(readFileSync(probes, 'utf8')),
  });
  if (!(await build())) process.exit(1);
  const { loadPolicy } = await import(`${ROOT}/packages/policy/dist/index.js`);
  const scratch = mkdtempSync(join(tmpdir(), 'dirgate-build-'));
  const bundle = join(scratch, basename(out));
  try {
    writeFileSync(bundle, bytes);
    await loadPolicy({ bundle, watch: false });
  } catch (error) {
    throw new Error(error.message.replace(bundle, out));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  writeFileSync(out, bytes);
  console.log(`written ${out}`);
}

function readArguments() {
  const usage = 'policy:build: without arguments, or -- --out FILE --probes FILE [--phases call,request,response] FOLDER...';
  try {
    const options = {
      out: { type: 'string' },
      probes: { type: 'string' },
      phases: { type: 'string' },
      help: { type: 'boolean' },
    };
    const { values, positionals: folders } = parseArgs({ options, allowPositionals: true });
    const { out, probes, phases, help } = values;
    if (help) {
      console.log(usage);
      process.exit(0);
    }
    if (Object.keys(values).length === 0 && folders.length === 0) return undefined;
    if (out === undefined || probes === undefined || folders.length === 0) throw new Error(usage);
    return { out, probes, phases: phases?.split(','), folders };
  } catch (error) {
    console.error(error.message === usage ? usage : `${error.message}\n${usage}`);
    process.exit(2);
  }
}
