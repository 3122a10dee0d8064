import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buf, GENERATED, generateInto } from './generate.mjs';
import { filesBelow, ROOT } from './workspace.mjs';

/** The generated files that differ from what their sources give now. The checkout is only read. */
export async function generatedProblems() {
  const fresh = mkdtempSync(join(tmpdir(), 'dirgate-generated-'));
  try {
    await generateInto(fresh);
    return GENERATED.flatMap(({ folder }) => differences(join(fresh, folder, 'src/gen'), join(ROOT, folder, 'src/gen')));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** What buf has against the protos: nothing, or it throws its findings. */
export async function lintProtos() {
  await buf(['lint']);
  return [];
}

function differences(fresh, committed) {
  const wanted = textsOf(fresh);
  const present = textsOf(committed);
  return [...new Set([...wanted.keys(), ...present.keys()])]
    .filter((name) => wanted.get(name) !== present.get(name))
    .map((name) => `${relative(ROOT, join(committed, name))} is ${stateOf(name, wanted, present)}: run \`npm run generate\``);
}

function stateOf(name, wanted, present) {
  if (!present.has(name)) return 'missing';
  return wanted.has(name) ? 'not what proto/ gives' : 'left over';
}

function textsOf(folder) {
  return new Map(filesBelow(folder).map((path) => [relative(folder, path), readFileSync(path, 'utf8')]));
}
