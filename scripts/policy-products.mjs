// What npm run policy:build makes and npm run policy:check compares: the bundles, and the code generated from the schemas.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildBundle, sameBundle } from './policy-bundle.mjs';
import { signedProducts } from './policy-signed.mjs';
import { generatedFiles } from './policy-types.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const fixtures = 'packages/policy/src/test-support/bundles';

const probesOf = (name) => JSON.parse(readFileSync(`${root}policies/${name}.json`, 'utf8'));

const bundles = [
  ['policies/dist/directory.tar.gz', { cwd: `${root}policies`, folder: 'directory', probes: probesOf('probes') }],
  [
    'policies/dist/directory-filtered.tar.gz',
    {
      cwd: `${root}policies`,
      folder: 'directory',
      phases: ['call', 'request', 'response'],
      data: { directory: { filters_responses: true } },
      probes: probesOf('probes-filtered'),
    },
  ],
  [
    'policies/dist/example-porting.tar.gz',
    {
      cwd: `${root}policies`,
      folder: ['examples/porting', 'directory/identity', 'directory/names'],
      probes: probesOf('probes-porting'),
    },
  ],
  [
    'policies/dist/example-paging.tar.gz',
    {
      cwd: `${root}policies`,
      folder: ['examples/paging', 'directory'],
      phases: ['call', 'request', 'response'],
      probes: probesOf('probes-paging'),
    },
  ],
  // Faults for the tests of @dirgate/policy.
  [`${fixtures}/echo.tar.gz`, { cwd: `${root}${fixtures}`, folder: 'echo', record: false }],
  [`${fixtures}/foreign-builtin.tar.gz`, { cwd: `${root}${fixtures}`, folder: 'foreign-builtin', record: false }],
  [`${fixtures}/splitting.tar.gz`, { cwd: `${root}${fixtures}`, folder: 'splitting', record: false }],
  [`${fixtures}/replacing.tar.gz`, { cwd: `${root}${fixtures}`, folder: 'replacing', record: false }],
  [
    `${fixtures}/other-entrypoint.tar.gz`,
    { cwd: `${root}${fixtures}`, folder: 'other-entrypoint', entrypoint: 'directory/authz/allow', record: false },
  ],
];

/** Every product: its path, its fresh bytes, and whether the file on disk already holds the same. */
export async function products(opa) {
  const made = [];
  for (const [path, options] of bundles) {
    const bytes = await buildBundle(opa, options);
    made.push({ path, bytes, current: isCurrent(path, (old) => sameBundle(old, bytes)) });
  }
  made.push(...(await signedProducts(opa)));
  for (const [path, text] of await generatedFiles()) {
    const bytes = Buffer.from(text);
    made.push({ path, bytes, current: isCurrent(path, (old) => old.equals(bytes)) });
  }
  return made;
}

function isCurrent(path, same) {
  try {
    return same(readFileSync(`${root}${path}`));
  } catch {
    return false;
  }
}
