import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));

// Tests run from source: no stale build can make them pass.
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@dirgate\/directory-server$/, replacement: `${root}integration/directory-server/src/index.ts` },
      { find: /^@dirgate\/demo$/, replacement: `${root}integration/demo/src/index.ts` },
      { find: /^@dirgate\/([^/]+)$/, replacement: `${root}packages/$1/src/index.ts` },
      { find: /^@dirgate\/([^/]+)\/(.+)$/, replacement: `${root}packages/$1/src/$2.ts` },
    ],
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'integration/*/src/**/*.test.ts', 'policies/**/*.test.ts', 'scripts/**/*.test.ts'],
    testTimeout: 20_000,
    // Starting a process per file took longer than the tests in it; no file may rest on another's state (CONTRIBUTING).
    isolate: false,
    maxWorkers: '100%',
    coverage: { include: ['packages/*/src/**/*.ts'], exclude: ['**/gen/**'] },
  },
});
