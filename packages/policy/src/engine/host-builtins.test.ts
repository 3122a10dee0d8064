import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { hostBuiltins, refusedBuiltins } from './host-builtins.js';

it('lists what the library provides', () => {
  const require = createRequire(import.meta.url);
  const library = dirname(require.resolve('@open-policy-agent/opa-wasm'));
  const provided = require(join(library, 'builtins', 'index.js')) as object;
  expect([...hostBuiltins, ...refusedBuiltins].sort()).toEqual(Object.keys(provided).sort());
});
