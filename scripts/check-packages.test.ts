import { describe, expect, it } from 'vitest';
import { indexProblems } from './check-index.mjs';
import { importsOf, packageProblems } from './check-packages.mjs';

const spiffe = {
  group: 'packages',
  folder: 'spiffe',
  manifest: { name: '@dirgate/spiffe', devDependencies: { jose: '1.0.0' } },
  references: [],
  files: [
    { path: 'a.ts', forTests: false, imports: ['node:crypto', './b.js'] },
    { path: 'a.test.ts', forTests: true, imports: ['vitest', 'jose'] },
  ],
};
const guard = {
  group: 'packages',
  folder: 'guard',
  manifest: { name: '@dirgate/guard', dependencies: { '@dirgate/spiffe': 'workspace:*' } },
  references: ['packages/spiffe'],
  files: [{ path: 'g.ts', forTests: false, imports: ['@dirgate/spiffe'] }],
};

function importing(member: typeof spiffe, specifier: string, forTests = false) {
  return { ...member, files: [{ path: 'x.ts', forTests, imports: [specifier] }] };
}

describe('packageProblems', () => {
  it('has nothing against packages that keep the rules', () => {
    expect(packageProblems([spiffe, guard], ['vitest'])).toEqual([]);
  });

  it('finds an import from a higher rank, declared or not', () => {
    const problems = packageProblems([importing(spiffe, '@dirgate/guard'), guard]);
    expect(problems).toContain('x.ts: spiffe (rank 0) may not import guard (rank 2)');
    const declared = { ...spiffe, manifest: { name: '@dirgate/spiffe', dependencies: { '@dirgate/guard': 'workspace:*' } } };
    expect(packageProblems([declared, guard])).toContain(
      'packages/spiffe/package.json: spiffe (rank 0) may not import guard (rank 2)',
    );
  });

  it('finds an import between packages of the same rank', () => {
    const live = { ...spiffe, folder: 'live', manifest: { name: '@dirgate/live' }, files: [] };
    expect(packageProblems([importing(spiffe, '@dirgate/live'), live])).toContain(
      'x.ts: spiffe (rank 0) may not import live (rank 0)',
    );
  });

  it('finds a dependency that is not declared, and a dev dependency outside of tests', () => {
    expect(packageProblems([importing(spiffe, 'left-pad/sub')])).toEqual([
      'x.ts imports left-pad, which packages/spiffe/package.json does not declare',
    ]);
    expect(packageProblems([importing(spiffe, 'jose')])).toHaveLength(1);
    expect(packageProblems([importing(spiffe, 'jose', true)])).toEqual([]);
  });

  it('finds a package without a rank', () => {
    expect(packageProblems([{ ...spiffe, folder: 'odds-and-ends' }], ['vitest'])).toHaveLength(1);
  });

  it('finds a cycle that goes through dev dependencies', () => {
    const manifest = { name: '@dirgate/spiffe', devDependencies: { '@dirgate/guard': 'workspace:*' } };
    expect(packageProblems([{ ...spiffe, manifest, files: [] }, guard])).toEqual([
      'workspace cycle: @dirgate/spiffe -> @dirgate/guard -> @dirgate/spiffe',
    ]);
  });

  it('finds files that import each other, types included, and none in a chain', () => {
    const file = (path: string, ...imports: string[]) => ({ path, forTests: false, imports });
    const chain = [file('src/a.ts', './in/b.js'), file('src/in/b.ts', '../c.js'), file('src/c.ts')];
    expect(packageProblems([{ ...spiffe, files: chain }])).toEqual([]);
    const circle = [...chain.slice(0, 2), file('src/c.ts', './a.js')];
    expect(packageProblems([{ ...spiffe, files: circle }])).toEqual([
      'import cycle: src/a.ts -> src/in/b.ts -> src/c.ts -> src/a.ts',
    ]);
  });

  it('finds a package that imports integration', () => {
    const demo = { ...spiffe, group: 'integration', folder: 'demo', manifest: { name: '@dirgate/demo' }, files: [] };
    const problems = packageProblems([importing(spiffe, '@dirgate/demo'), demo]);
    expect(problems.some((problem) => problem.includes('nothing imports integration'))).toBe(true);
  });

  it('finds a missing project reference', () => {
    expect(packageProblems([{ ...guard, references: [] }, spiffe], ['vitest'])).toHaveLength(1);
  });
});

describe('importsOf', () => {
  it('reads every form of import and no comment', () => {
    const source = [
      "import { a } from 'one';",
      'import type {\n  B,\n  C,\n} from "two";',
      "import 'three';",
      "export { d } from 'four';",
      "const e = await import('five');",
      "type F = import('six').F;",
      " * import { x } from 'not-this';",
      "// import 'nor-this';",
    ].join('\n');
    expect(importsOf(source).sort()).toEqual(['five', 'four', 'one', 'six', 'three', 'two']);
  });
});

describe('indexProblems', () => {
  it('accepts named exports with values and types apart', () => {
    expect(indexProblems("export { a } from './a.js';\nexport type { B } from './a.js';\n")).toEqual([]);
  });

  it('refuses star, default and mixed exports', () => {
    for (const source of [
      "export * from './a.js';",
      "export * as a from './a.js';",
      'export default 1;',
      "export { a as default } from './a.js';",
      "export { a, type B } from './a.js';",
    ]) {
      expect(indexProblems(source), source).toHaveLength(1);
    }
  });
});
