import './require-node.mjs';

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from './prepare.mjs';
import { runProcess } from './run-process.mjs';
import { ROOT } from './workspace.mjs';

/** Which folder owns the code generated from which protos, and by what, where it is not `buf.gen.yaml`. */
export const GENERATED = [
  { proto: 'proto/spiffe', folder: 'packages/workload-api' },
  { proto: 'proto/agntcy', folder: 'packages/directory' },
  { proto: 'proto/agntcy', folder: 'integration/generators', template: 'integration/generators/buf.gen.yaml' },
  {
    proto: 'integration/generators/proto/test',
    folder: 'integration/generators',
    template: 'integration/generators/buf.gen.shapes.yaml',
  },
];

/** Generates all of it below `root`, where every `folder` gets a `src/gen`. Needs no network. Throws what buf says. */
export async function generateInto(root) {
  for (const { proto, folder, template = 'buf.gen.yaml' } of GENERATED) {
    await buf(['generate', '--template', template, '--path', proto, '-o', join(root, folder)]);
  }
}

/** Runs the installed buf; resolves when it ends well, throws an error that holds its output otherwise. */
export async function buf(args) {
  const bin = join(ROOT, 'node_modules', '.bin');
  // buf finds its plugins on the PATH.
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}` };
  const { code, output } = await runProcess(join(bin, 'buf'), args, { env });
  if (code !== 0) throw new Error(`buf ${args[0]}:\n${output}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!(await install())) process.exit(1);
  try {
    await generateInto(ROOT);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
