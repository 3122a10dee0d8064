import { directoryCatalogue } from '@dirgate/directory';
import { describe, expect, it } from 'vitest';
import { CasbinImportError } from './casbin-import-error.js';
import { importCasbin } from './import-casbin.js';

const store = '/agntcy.dir.store.v1.StoreService';
const search = '/agntcy.dir.search.v1.SearchService';

function problemsIn(csv: string, trustDomains?: readonly string[]): CasbinImportError['problems'] {
  try {
    importCasbin(csv, trustDomains && { trustDomains });
  } catch (error) {
    if (error instanceof CasbinImportError) return error.problems;
    throw error;
  }
  return [];
}

describe('importCasbin', () => {
  it('imports a name as that name, and tells what contains it', () => {
    const { grants, report } = importCasbin(`# partners\n\n  p, example.org, ${store}/Pull\n`);
    expect(grants).toEqual({ trust_domains: { 'example.org': [{ roles: ['reader'], methods: [`${store}/Pull`] }] } });
    expect(report).toEqual([
      {
        line: 3,
        rule: { trustDomain: 'example.org', method: `${store}/Pull` },
        meant: { trustDomains: ['example.org'], methods: [`${store}/Pull`] },
        alsoToday: {
          trustDomains: [],
          trustDomainsContaining: 'example.org',
          examples: ['sub.example.org', 'example.org.evil.test', 'my-example.orgx', 'examplexorg'],
          methods: [`${store}/PullReferrer`],
        },
      },
    ]);
  });

  it('tells which of the known trust domains a rule lets in', () => {
    const trustDomains = ['example.org', 'sub.example.org', 'other.test'];
    const { report } = importCasbin(`p,example.org,${store}/Lookup\n`, { trustDomains });
    expect(report.map(({ alsoToday }) => alsoToday.trustDomains)).toEqual([['sub.example.org']]);
  });

  it('reads a prefix as the beginning, and tells that Casbin does not', () => {
    const { grants, report } = importCasbin(`p,team-*,${store}/P*\n`, { trustDomains: ['team-a', 'my-team-x', 'other.test'] });
    expect(grants).toEqual({
      trust_domains: {
        'team-a': [
          { roles: ['publisher'], methods: [`${store}/Push`, `${store}/PushReferrer`] },
          { roles: ['reader'], methods: [`${store}/Pull`, `${store}/PullReferrer`] },
        ],
      },
    });
    expect(report[0]?.alsoToday).toMatchObject({
      trustDomains: ['my-team-x'],
      methods: [`${store}/Lookup`, `${store}/Delete`, `${store}/DeleteReferrer`],
    });
  });

  it('has nothing to report of a rule that Casbin reads as it was meant', () => {
    const { grants, report } = importCasbin(`p,*,${store}/*\n`, { trustDomains: ['b.test', 'a.test'] });
    expect(Object.keys(grants.trust_domains ?? {})).toEqual(['a.test', 'b.test']);
    expect(report).toEqual([]);
  });

  it('imports every method for *', () => {
    const { grants } = importCasbin('p,example.org,*\n');
    const granted = new Set(grants.trust_domains?.['example.org']?.flatMap(({ methods = [] }) => methods));
    expect(granted).toEqual(new Set(directoryCatalogue.keys()));
  });

  it.each(['SearchRecords', 'SearchCIDs'])('gives %s the right to read what it finds, and no other', (name) => {
    const { grants } = importCasbin(`p,example.org,${search}/${name}\n`);
    expect(grants.trust_domains?.['example.org']).toEqual([
      { roles: ['searcher'], methods: [`${search}/${name}`] },
      { roles: ['reader'], methods: [`${search}/${name}`] },
    ]);
  });

  it('joins the rules of one trust domain', () => {
    const { grants } = importCasbin(`p,example.org,${store}/Pull\r\np,example.org,${store}/Lookup\r\n`);
    expect(grants.trust_domains?.['example.org']).toEqual([{ roles: ['reader'], methods: [`${store}/Lookup`, `${store}/Pull`] }]);
  });

  it.each([
    ['a method that does not exist', 'p,example.org,/agntcy.dir.sync.v1.SyncService/CreateSync'],
    ['a name that no trust domain has', `p,Example.org,${store}/Lookup`],
  ])('grants nothing for %s, and says so', (_, rule) => {
    const { grants, report } = importCasbin(`${rule}\n`);
    expect(grants).toEqual({});
    expect(report).toHaveLength(1);
  });

  it('reports a part of a name, which means nothing and lets in much', () => {
    const { grants, report } = importCasbin('p,example.org,Pull\n');
    expect(grants).toEqual({});
    expect(report[0]?.alsoToday.methods).toEqual([`${store}/Pull`, `${store}/PullReferrer`]);
  });

  it.each(['constructor', '__proto__'])('grants to a trust domain called %s', (name) => {
    const { grants } = importCasbin(`p,${name},${store}/Lookup\n`);
    expect(Object.entries(grants.trust_domains ?? {})).toEqual([[name, [{ roles: ['reader'], methods: [`${store}/Lookup`] }]]]);
  });
});

describe('what cannot be imported', () => {
  it('takes the good twin of each', () => {
    expect(problemsIn(`p,example.org,${store}/Pull\n`)).toEqual([]);
  });

  it.each(['', '\n', '# p,example.org,*\n'])('says that an empty policy allows everything: %j', (csv) => {
    expect(problemsIn(csv)).toEqual([
      { code: 'empty_policy', message: expect.stringContaining('lets every authenticated caller call every method') },
    ]);
  });

  it.each([
    ['p,,*', 'trust domain'],
    ['p, ,*', 'trust domain'],
    ['p,example.org,', 'method'],
    ['p,example.org,""', 'method'],
  ])('says that an empty column matches everything: %s', (csv, what) => {
    expect(problemsIn(csv)).toEqual([
      { code: 'empty_column', line: 1, message: expect.stringContaining(`today that lets in every ${what}`) },
    ]);
  });

  it.each([
    ['*.example.org', 'it lets in every trust domain;'],
    ['^example\\.org$', 'in which this regular expression is found: example.org;'],
    ['(?i)EXAMPLE', 'in which this regular expression is found: example.org, sub.example.org;'],
    ['example.org|other', 'in which this regular expression is found: example.org, sub.example.org, other.test;'],
    ['example .org', 'which is none that is known;'],
    ['exam*le', 'every trust domain that begins with "exam", or in which this regular expression is found: example.org;'],
    ['(?=x)', 'ends with INTERNAL;'], // no look-ahead in Go
    ['[', 'ends with INTERNAL;'],
    [
      '[x*',
      'begins with "[x", which is none that is known; every other call that gets as far as this column ends with INTERNAL;',
    ],
    ['sub.**', 'begins with "sub.": sub.example.org; every other call that gets as far as this column ends with INTERNAL;'],
    ['.*', 'begins with ".", or in which this regular expression is found: example.org, sub.example.org, other.test;'],
    ['.', 'in which this regular expression is found: example.org, sub.example.org, other.test;'],
    ['-*', 'in which this regular expression is found: example.org, sub.example.org, other.test;'],
  ])('says what the trust domain column %s lets in today', (column, today) => {
    expect(problemsIn(`p,${column},*`, ['example.org', 'sub.example.org', 'other.test'])).toEqual([
      { code: 'not_plain', line: 1, message: expect.stringContaining(today) },
    ]);
  });

  it('says what a method column lets in today', () => {
    const [problem] = problemsIn(`p,example.org,^${store}/(Pull|Lookup)$`);
    expect(problem).toMatchObject({ code: 'not_plain', line: 1 });
    expect(problem?.message).toContain(`is found: ${store}/Pull, ${store}/Lookup;`);
  });

  it.each([`${store}/.*`, '.*', `${store}/.`, '.'])(
    'takes the regular expression %s for no name and no beginning of one',
    (column) => {
      const [problem] = problemsIn(`p,example.org,${column}`);
      expect(problem).toMatchObject({ code: 'not_plain', line: 1 });
      expect(problem?.message).toContain(`${store}/Pull, `);
    },
  );

  it('names a byte order mark, with which the running Directory does not start, or reads another name', () => {
    expect(problemsIn('p,example.org,*\n')).toEqual([]);
    expect(problemsIn('p,example.org,*\n# \ufeff\n\u0085 p,\u00a0example.org,*\u3000\n')).toEqual([]);
    for (const csv of ['p,\ufeffexample.org,*\n', '\ufeffp,example.org,*\n', '\ufeff# partners\np,example.org,*\n'])
      expect(problemsIn(csv)).toEqual([
        { code: 'bad_line', line: 1, message: expect.stringContaining('holds a byte order mark') },
      ]);
  });

  it.each(['p,example.org', 'p,example.org,*,allow', 'g,alice,admin', 'p2,example.org,*', 'example.org,*', 'p,"example.org,*'])(
    'refuses a line that is no rule: %s',
    (line) => {
      expect(problemsIn(`p,example.org,*\n${line}\n`)).toMatchObject([{ code: 'bad_line', line: 2 }]);
    },
  );

  it.each(['*', 'team-*'])('wants the trust domains for %s', (column) => {
    expect(problemsIn(`p,${column},*`)).toMatchObject([{ code: 'trust_domains_needed', line: 1 }]);
    expect(problemsIn(`p,${column},*`, ['team-a'])).toEqual([]);
  });

  it('names every problem with its line, in the order of the file', () => {
    const problems = problemsIn('p,,*\nnonsense\np,[,\n');
    expect(problems.map(({ code, line }) => [code, line])).toEqual([
      ['empty_column', 1],
      ['bad_line', 2],
      ['not_plain', 3],
      ['empty_column', 3],
    ]);
    expect(new CasbinImportError(problems).message.split('\n')).toHaveLength(4);
  });

  it('refuses what is too large', () => {
    expect(problemsIn(`#${' '.repeat(1024 * 1024)}`)).toMatchObject([{ code: 'too_large' }]);
    expect(problemsIn('p,a,*\n'.repeat(1001))).toMatchObject([{ code: 'too_large' }]);
    expect(problemsIn('p,a,*\n'.repeat(1000))).toEqual([]);
  });

  it('refuses a trust domain that is none', () => {
    expect(() => importCasbin('p,a,*', { trustDomains: ['spiffe://a'] })).toThrow(
      expect.objectContaining({ name: 'SpiffeError' }),
    );
  });
});
