import { readFileSync } from 'node:fs';
import { directoryCatalogue } from '@dirgate/directory';
import { importCasbin } from '@dirgate/migration';
import { describe, expect, it } from 'vitest';
import { grantProblems } from './policy-grants.mjs';
import { ROOT } from './workspace.mjs';

const all = ['read', 'search', 'write', 'delete', 'publish', 'sync', 'admin'];
const classesOfRole: Readonly<Record<string, readonly string[]>> = {
  reader: ['read'],
  searcher: ['search'],
  publisher: ['write', 'publish', 'delete'],
  syncer: ['sync'],
  admin: all,
};
const problemsOf = (text: string) => grantProblems(text, { catalogue: directoryCatalogue, classesOfRole });

/** The one grant of one holder, as it stands on line 3. */
const ofId = (id: string, grant: string) => `ids:\n  spiffe://d.example/${id}:\n    - ${grant}\n`;
const ofPrefix = (id: string, grant: string) => `path_prefixes:\n  spiffe://d.example/${id}:\n    - ${grant}\n`;

describe('grants that never hold', () => {
  it.each<[string, string, RegExp]>([
    [
      'a pattern',
      ofId('x', '{roles: [reader], names: [d.example/acme/*]}'),
      /names are no patterns; "d\.example\/acme" holds for all below/,
    ],
    ['a dot segment', ofId('x', '{roles: [reader], names: [d.example/a/../b]}'), /no name with a \. or \.\. segment/],
    ['a dot at the end', ofId('x', '{roles: [reader], names: [d.example/.]}'), /never matches/],
    ['a blank', ofId('x', '{roles: [reader], names: [" d.example/a"]}'), /blank/],
    [
      'no agent',
      ofId('publisher/acme', '{roles: [publisher], names: ["d.example/{agent}"]}'),
      /publisher\/acme has no \{agent\}/,
    ],
    ['no agent below a prefix', ofPrefix('publisher', '{roles: [publisher], names: ["d.example/{agent}"]}'), /has no \{agent\}/],
    ['an agent too deep', ofPrefix('agent/a1/x', '{roles: [publisher], names: ["d.example/{agent}"]}'), /has no \{agent\}/],
    [
      'an executor that is an agent',
      ofId('agent/executor', '{roles: [publisher], names: ["d.example/{executor}"]}'),
      /\{executor\}/,
    ],
    ['a path that ends before', ofId('a/b', '{roles: [publisher], names: ["d.example/{path.3}"]}'), /has no \{path\.3\}/],
    ['a version with v', ofId('x', '{roles: [reader], schema_versions: [v1.0.0]}'), /"v1\.0\.0": write three numbers/],
    ['a version of two numbers', ofId('x', '{roles: [reader], schema_versions: ["1.0"]}'), /three numbers/],
    ['an unknown referrer', ofId('x', '{roles: [publisher], referrer_types: [agntcy.dir.sign.v1.Sig]}'), /no Directory takes/],
    ['an unknown method', ofId('x', '{roles: [reader], methods: [/agntcy.dir.store.v1.StoreService/Pul]}'), /no method .*Pul;/],
    [
      'a method of another class',
      ofId('x', '{roles: [reader], methods: [/agntcy.dir.store.v1.StoreService/Push]}'),
      /of class write/,
    ],
    [
      'a syncer of some names',
      ofId('x', '{roles: [syncer], names: [d.example/a]}'),
      /never holds: with names it is for some records/,
    ],
    [
      'a method without records, of some names',
      ofId('x', '{roles: [publisher], methods: [/agntcy.dir.sign.v1.SignService/Sign], names: [d.example/a]}'),
      /never holds/,
    ],
    [
      'a method without referrers, of some referrers',
      ofId(
        'x',
        '{roles: [publisher], methods: [/agntcy.dir.store.v1.StoreService/Push], referrer_types: [agntcy.dir.sign.v1.Signature]}',
      ),
      /never holds: with referrer_types it is for some referrers/,
    ],
  ])('finds %s on its line', (_, text, message) => {
    const problems = problemsOf(text);
    expect(problems).toMatchObject([{ line: 3, message: expect.stringMatching(message) as string }]);
  });

  it.each<[string, string]>([
    ['an agent', ofId('agent/a1', '{roles: [publisher], names: ["d.example/{agent}"]}')],
    ['agents', ofPrefix('agent', '{roles: [publisher], names: ["d.example/{agent}", "d.example/x/{executor}"]}')],
    ['executors', ofPrefix('agent/executor', '{roles: [publisher], names: ["d.example/{executor}", "d.example/x/{agent}"]}')],
    ['accounts', ofPrefix('ns/prod', '{roles: [publisher], names: ["d.example/{namespace}/{service_account}"]}')],
    ['a path', ofId('a/b', '{roles: [publisher], names: ["{trust_domain}/{path.2}"]}')],
    ['whatever lies below', ofPrefix('a', '{roles: [publisher], names: ["d.example/{path.9}"]}')],
    ['a trust domain', 'trust_domains: {d.example: [{roles: [publisher], names: ["d.example/{agent}/{service}"]}]}'],
    ['versions', ofId('x', '{roles: [reader], schema_versions: ["0.8.0", "1.0.0-rc.1"]}')],
    ['a scanner', ofId('x', '{roles: [publisher], referrer_types: [agntcy.dir.security.v1.ScanReport]}')],
    ['a method', ofId('x', '{roles: [reader], methods: [/agntcy.dir.store.v1.StoreService/Pull], names: [a]}')],
    ['a limited admin', ofId('x', '{roles: [admin], names: [d.example/a]}')],
    [
      'the right to read what a search answers with',
      ofId('x', '{roles: [reader], methods: [/agntcy.dir.search.v1.SearchService/SearchRecords]}'),
    ],
    [
      'the right to read some of it, where responses are filtered',
      ofId('x', '{roles: [reader], methods: [/agntcy.dir.search.v1.SearchService/SearchCIDs], names: [d.example/a]}'),
    ],
    ['a limited reader who searches', ofId('x', '{roles: [reader, searcher], names: [d.example/a]}')],
  ])('lets %s be', (_, text) => expect(problemsOf(text)).toEqual([]));
});

describe('names that are the own ones of callers in several trust domains', () => {
  const pair = (one: string, holder: string, other: string) => `path_prefixes:
  spiffe://d.example/agent:
    - ${one}
  ${holder}:
    - ${other}
`;
  const own = (name: string, role = 'publisher') => `{roles: [${role}], names: ["${name}"]}`;
  const far = 'spiffe://e.example/agent';

  it.each(['publisher', 'admin'])('are found where both write them: %s', (role) => {
    expect(problemsOf(pair(own('d.example/{agent}'), far, own('d.example/{agent}', role)))).toEqual([
      expect.objectContaining({
        line: 5,
        message: expect.stringMatching(/callers of d\.example write too \(line 3\)/) as string,
      }),
    ]);
  });

  it.each<[string, string]>([
    ['begin with the trust domain', pair(own('{trust_domain}/{agent}'), far, own('{trust_domain}/{agent}'))],
    ['are not the same', pair(own('d.example/{agent}'), far, own('e.example/{agent}'))],
    ['are only read by one', pair(own('d.example/{agent}'), far, own('d.example/{agent}', 'reader'))],
    ["are nobody's own", pair(own('d.example/shared'), far, own('d.example/shared'))],
    ['stay in one trust domain', pair(own('d.example/{path.2}'), 'spiffe://d.example/service', own('d.example/{path.2}'))],
  ])('are none where they %s', (_, text) => expect(problemsOf(text)).toEqual([]));
});

describe('conditions that limit nothing', () => {
  it('are those of a searcher', () => {
    expect(problemsOf(ofId('x', '{roles: [searcher], names: [d.example/a]}'))).toEqual([
      { line: 3, column: 7, message: expect.stringContaining('names would limit nothing') as string },
    ]);
  });
});

describe('grants that change nothing', () => {
  const pair = (wide: string, narrow: string) => `path_prefixes:
  spiffe://d.example/team:
    - ${wide}
  spiffe://d.example/team/red:
    - ${narrow}
`;

  it.each<[string, string, string]>([
    ['the same', '{roles: [reader]}', '{roles: [reader]}'],
    ['fewer roles', '{roles: [reader, searcher]}', '{roles: [reader]}'],
    ['a role that admin has', '{roles: [admin]}', '{roles: [publisher, syncer]}'],
    ['a condition', '{roles: [reader]}', '{roles: [reader], names: [d.example/a]}'],
    ['a name below', '{roles: [reader], names: [d.example/a]}', '{roles: [reader], names: [d.example/a/b]}'],
    ['a placeholder below', '{roles: [reader], names: [d.example]}', '{roles: [reader], names: ["d.example/{path.2}"]}'],
    ['a version', '{roles: [reader], schema_versions: ["1.0.0", "1.1.0"]}', '{roles: [reader], schema_versions: ["1.0.0"]}'],
    ['a method', '{roles: [reader]}', '{roles: [reader], methods: [/agntcy.dir.store.v1.StoreService/Pull]}'],
  ])('say no more than a prefix over them: %s', (_, wide, narrow) => {
    expect(problemsOf(pair(wide, narrow))).toEqual([
      { line: 5, column: 7, message: expect.stringContaining('that line 3 does not grant') as string },
    ]);
  });

  it.each<[string, string, string]>([
    ['another role', '{roles: [reader]}', '{roles: [searcher]}'],
    ['more roles', '{roles: [reader]}', '{roles: [reader, searcher]}'],
    ['no condition', '{roles: [reader], names: [d.example/a]}', '{roles: [reader]}'],
    ['another name', '{roles: [reader], names: [d.example/a]}', '{roles: [reader], names: [d.example/ab]}'],
    ['a name over it', '{roles: [reader], names: [d.example/a/b]}', '{roles: [reader], names: [d.example/a]}'],
    ['a condition of another kind', '{roles: [reader], names: [d.example/a]}', '{roles: [reader], schema_versions: ["1.0.0"]}'],
  ])('are not those that say %s', (_, wide, narrow) => expect(problemsOf(pair(wide, narrow))).toEqual([]));

  it('are found under an ID, a prefix, a trust domain and in one list, the later of two that say the same', () => {
    const text = `ids:
  spiffe://d.example/team:
    - roles: [reader]
    - roles: [reader]
  spiffe://d.example/team/red/x:
    - roles: [searcher]
path_prefixes:
  spiffe://d.example/team:
    - roles: [searcher]
trust_domains:
  d.example:
    - roles: [searcher]
  e.example:
    - roles: [searcher]
`;
    const found = problemsOf(text).map(({ line, message }) => `${line}: ${/line \d+/.exec(message)?.[0]}`);
    expect(found).toEqual(['4: line 3', '6: line 9', '9: line 12']);
  });

  it('are names under another of the same grant', () => {
    expect(problemsOf(ofId('x', '{roles: [reader], names: [d.example/a, d.example/a/b]}'))).toEqual([
      { line: 3, column: 46, message: expect.stringContaining('"d.example/a/b" lies under "d.example/a"') as string },
    ]);
  });
});

it('finds nothing in grants that were imported', () => {
  const { grants } = importCasbin('p,d.example,*\np,e.example,/agntcy.dir.search.v1.SearchService/*');
  expect(Object.keys(grants.trust_domains ?? {})).toEqual(['d.example', 'e.example']);
  expect(problemsOf(JSON.stringify(grants))).toEqual([]);
});

it('finds nothing in the grants of the demo', () => {
  expect(problemsOf(readFileSync(`${ROOT}/integration/grants.yaml`, 'utf8'))).toEqual([]);
});

it('reads JSON too, and takes 10,000 grants', () => {
  const ids = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`spiffe://d.example/x/${index}`, [{ roles: ['reader'] }]]),
  );
  expect(problemsOf(JSON.stringify({ ids }))).toEqual([]);
});
