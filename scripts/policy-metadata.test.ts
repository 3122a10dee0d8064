import { describe, expect, it } from 'vitest';
import { metadataProblems } from './policy-metadata.mjs';

const path = (...names: string[]) => names.map((value, index) => ({ type: index === 0 ? 'var' : 'string', value }));
const described = (...names: string[]) => ({ path: path('data', ...names), annotations: {} });
const entrypoint = (...names: string[]) => ({ path: path('data', ...names), annotations: { entrypoint: true } });
const rule = (name: string, ...refs: object[][]) => ({
  head: { ref: [{ type: 'var', value: name }] },
  body: refs.map((value) => ({ terms: [{ type: 'ref', value }] })),
});

const names = {
  file: 'names.rego',
  ast: { package: { path: path('data', 'names') }, rules: [rule('plain'), rule('lies_under', path('plain')), rule('own')] },
};
const user = (imported: object, ...rules: object[]) => ({
  file: 'user.rego',
  ast: { package: { path: path('data', 'user') }, imports: [imported], rules },
});
const imported = { path: { value: path('data', 'names') } };
const packages = [described('names'), described('user')];

describe('METADATA', () => {
  it('is wanted of what another package names, by its import, by another name for it, or in full', () => {
    const missing = ['names.rego: data.names.plain has no METADATA'];
    for (const module of [
      user(imported, rule('x', path('names', 'plain'))),
      user({ ...imported, alias: 'n' }, rule('x', path('n', 'plain', 'y'))),
      user({ path: { value: path('data', 'names', 'plain') } }, rule('x', path('plain'))),
      user({ path: { value: path('input') } }, rule('x', path('data', 'names', 'plain'))),
    ]) {
      expect(metadataProblems([names, module], packages)).toEqual(missing);
      expect(metadataProblems([names, module], [...packages, described('names', 'plain')])).toEqual([]);
    }
  });

  it('is wanted of a package, and not of what only the package itself names', () => {
    expect(metadataProblems([names], packages)).toEqual([]);
    expect(metadataProblems([names], [])).toEqual(['names.rego: data.names has no METADATA']);
    expect(metadataProblems([names], [described('names'), entrypoint('names', 'own')])).toEqual([]);
  });
});
