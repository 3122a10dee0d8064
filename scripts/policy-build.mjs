// npm run policy:build: policies/dist/*.tar.gz from Rego, and the code generated from policies/schemas.
// `-- --out FILE --probes FILE FOLDER...` builds a bundle of your own instead.
import './require-node.mjs';

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { install } from './prepare.mjs';
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
  console.error(error.stderr || error.message);
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

async function buildOwn(opa, { out, probes, folders }) {
  const bytes = await buildBundle(opa, {
    cwd: process.cwd(),
    folder: folders,
    probes: JSON.parse(readFileSync(probes, 'utf8')),
  });
  writeFileSync(out, bytes);
  console.log(`written ${out}`);
}

function readArguments() {
  const usage = 'policy:build: without arguments, or -- --out FILE --probes FILE FOLDER...';
  try {
    const options = { out: { type: 'string' }, probes: { type: 'string' } };
    const { values, positionals: folders } = parseArgs({ options, allowPositionals: true });
    const { out, probes } = values;
    if (out === undefined && probes === undefined && folders.length === 0) return undefined;
    if (out === undefined || probes === undefined || folders.length === 0) throw new Error(usage);
    return { out, probes, folders };
  } catch (error) {
    console.error(error.message === usage ? usage : `${error.message}\n${usage}`);
    process.exit(2);
  }
}
