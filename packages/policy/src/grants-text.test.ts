import { expect, it } from 'vitest';
import { parseGrants } from './grants-text.js';

function problemsOf(text: string): readonly string[] {
  const parsed = parseGrants(text);
  return 'grants' in parsed ? [] : parsed.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

const good = `ids:
  spiffe://a.example/x:
    - roles: [reader]
`;

it('finds no mistake in good grants, and every one where there are several, each with its place and what to change', () => {
  expect(problemsOf(good)).toEqual([]);
  const text = `ids:
  spiffe://a.example/x:
    - roles: [reader, boss]
      nmes: [a]
    - names: [a, a]
    - roles: []
  spiffe://A.example/x:
    - roles: [reader]
      schema_versions: [1.0]
trust_domains: []
idz: {}
`;
  expect(problemsOf(text)).toEqual([
    '3:23: ids → spiffe://a.example/x → 0 → roles → 1: "boss" must be one of reader, searcher, publisher, syncer, admin',
    expect.stringMatching(/^4:7: .* → 0: "nmes" is no known member; there are roles, methods, names, /),
    '5:7: ids → spiffe://a.example/x → 1: it has no roles; add them',
    '5:14: ids → spiffe://a.example/x → 1 → names: it holds "a" twice; take one out',
    '6:14: ids → spiffe://a.example/x → 2 → roles: it is empty; fill it, or take it out',
    expect.stringMatching(/^7:3: ids: "spiffe:\/\/A\.example\/x" must be a workload's SPIFFE ID/),
    expect.stringMatching(/^9:25: .* → schema_versions → 0: must be a string; put it into quotes$/),
    '10:16: trust_domains: must be object',
    expect.stringMatching(/^11:1: the file: "idz" is no known member/),
  ]);
});

it('says each in one line, whatever a name holds', () => {
  const found = problemsOf('ids: {"a\\nb\\e[2J": 1, "spiffe://a.example/\\n": [{roles: [boss], "c\\nd": 1}]}');
  expect(found).toHaveLength(5);
  for (const problem of found) expect(problem).toMatch(/^[ -~→]+$/);
});

it('finds every mistake of the YAML first', () => {
  const text = `${good}    - {roles: !!set {}}
    - &a {roles: [reader]}
    - *a
ids: {}
`;
  expect(problemsOf(text)).toEqual([
    '4:21: this has the tag "tag:yaml.org,2002:set"; take it out',
    '6:7: this is an alias; write the value out',
    '7:1: "ids" is there twice; join the two',
  ]);
  expect(problemsOf('ids: {\n  a: ]\n')).toEqual([expect.stringMatching(/^2:6: Flow map/)]);
});

it('finds a thousand at most', () => {
  const ids = Array.from({ length: 5_000 }, (_, index) => `  spiffe://A.example/${index}: [{roles: [boss]}]\n`).join('');
  expect(problemsOf(`ids:\n${ids}`)).toHaveLength(1_000);
});
