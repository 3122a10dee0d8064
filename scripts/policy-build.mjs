// npm run policy:build: policies/dist/*.tar.gz from Rego, and the code generated from policies/schemas.
import './require-node.mjs';

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { install } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

if (!(await install())) process.exit(1);
const { findTool, ToolMissing } = await import('./find-tool.mjs');
const { products } = await import('./policy-products.mjs');

try {
  for (const { path, bytes, current } of await products(findTool('opa'))) {
    if (!current) {
      mkdirSync(dirname(`${ROOT}/${path}`), { recursive: true });
      writeFileSync(`${ROOT}/${path}`, bytes);
    }
    console.log(`${current ? 'current' : 'written'} ${path}`);
  }
} catch (error) {
  console.error(error.stderr || error.message);
  process.exitCode = error instanceof ToolMissing ? 2 : 1;
}
