import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// The tests of one verifier, which `scripts/mutation.mjs` names.
const suites: string[] = JSON.parse(process.env['DIRGATE_MUTATION_SUITES'] ?? '[]');

/** The first test that fails ends a run, so the suites go in the order in which they are named: quick and telling ones first. */
class AsNamed extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const names = suites.map((suite) => basename(suite));
    const place = ({ moduleId }: TestSpecification) => names.indexOf(basename(moduleId));
    return [...files].sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: suites,
    setupFiles: ['scripts/mutation/known-keys.mjs'],
    sequence: { sequencer: AsNamed },
    testTimeout: 20_000,
    isolate: false,
  },
});
