import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));

const TESTS = ['packages/*/src/**/*.test.ts', 'integration/*/src/**/*.test.ts', 'policies/**/*.test.ts', 'scripts/**/*.test.ts'];
const ALONE = ['packages/*/src/**/*.alone.test.ts'];

// Tests run from source: no stale build can make them pass.
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@dirgate\/(demo|directory-server|harness)$/, replacement: `${root}integration/$1/src/index.ts` },
      { find: /^@dirgate\/([^/]+)$/, replacement: `${root}packages/$1/src/index.ts` },
      { find: /^@dirgate\/([^/]+)\/(.+)$/, replacement: `${root}packages/$1/src/$2.ts` },
    ],
  },
  test: {
    // For what hangs, not for what is slow: a loaded machine takes five times as long.
    testTimeout: 60_000,
    setupFiles: ['scripts/forget-last-stat.mjs'],
    coverage: { include: ['packages/*/src/**/*.ts'], exclude: ['**/gen/**'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: TESTS,
          exclude: ALONE,
          // Starting a process per file took longer than the tests in it; no file may rest on another's state (CONTRIBUTING).
          isolate: false,
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          // What counts all that a process holds, or what one turn of it costs: nothing else may run in it, or beside it.
          name: 'alone',
          include: ALONE,
          isolate: true,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
