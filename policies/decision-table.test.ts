import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPolicy, type Policy } from '@dirgate/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The table that `opa test` runs too. */
interface DecisionTable {
  readonly grants: object;
  readonly subjects: Readonly<Record<string, object>>;
  readonly actions: Readonly<Record<string, { readonly service: string; readonly method: string; readonly class: string }>>;
  readonly resources: Readonly<Record<string, object>>;
  readonly cases: readonly Row[];
  /** Where responses are filtered. */
  readonly filtered_cases: readonly Row[];
}

interface Row {
  readonly note: string;
  readonly subject: string;
  readonly action: string;
  readonly phase: string;
  readonly resource: string;
  readonly allow: boolean;
  readonly reasons: readonly string[];
}

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const bundle = pathOf('dist/directory.tar.gz');
const filteredBundle = pathOf('dist/directory-filtered.tar.gz');
const { decision_table: table } = JSON.parse(readFileSync(pathOf('tests/decision-table.json'), 'utf8')) as {
  readonly decision_table: DecisionTable;
};

function inputOf(row: Omit<Row, 'note' | 'allow' | 'reasons'>): object {
  const action = table.actions[row.action];
  const subject = table.subjects[row.subject];
  const resource = table.resources[row.resource];
  if (action === undefined || subject === undefined || resource === undefined) throw new Error('the row names nothing');
  return {
    subject,
    action: { name: `/${action.service}/${action.method}`, properties: { ...action, phase: row.phase } },
    resource,
    context: {
      server: { id: 'spiffe://directory.example/dir', trust_domain: 'directory.example' },
      time_ms: 1795330350000,
      peer_address: '127.0.0.1',
    },
  };
}

const folder = mkdtempSync(join(tmpdir(), 'dirgate-table-'));
afterAll(() => rmSync(folder, { recursive: true }));

let policy: Policy;
let filtered: Policy;
let ungranted: Policy;
let demo: Policy;
beforeAll(async () => {
  const data = join(folder, 'grants.json');
  writeFileSync(data, JSON.stringify(table.grants));
  policy = (await loadPolicy({ bundle, data, watch: false })).current();
  filtered = (await loadPolicy({ bundle: filteredBundle, data, watch: false })).current();
  ungranted = (await loadPolicy({ bundle, watch: false })).current();
  demo = (await loadPolicy({ bundle, data: pathOf('../integration/grants.yaml'), watch: false })).current();
});

describe('the decision table through WASM', () => {
  it.each(table.cases)('$note', (row) => {
    const { allow, reasons } = policy.decide(inputOf(row));
    expect({ allow, reasons }).toEqual({ allow: row.allow, reasons: row.reasons });
  });

  it('names each row once', () => {
    for (const rows of [table.cases, table.filtered_cases]) {
      expect(new Set(rows.map(({ note }) => note)).size).toBe(rows.length);
    }
  });

  it('denies every row without grants', () => {
    for (const row of table.cases) {
      const { allow, reasons } = ungranted.decide(inputOf(row));
      expect(allow).toBe(false);
      expect(reasons).toContain('no_grant');
    }
  });

  it('denies an empty input', () => {
    expect(policy.decide({}).allow).toBe(false);
  });

  it('is not slowed down by a name that is made of slashes', () => {
    const fastest = (name: string): number => {
      const input = inputOf({ subject: 'acme', action: 'push', phase: 'request', resource: 'acme' });
      const resource = { type: 'record', properties: { name } };
      const times = [1, 2, 3].map(() => {
        const start = performance.now();
        expect(policy.decide({ ...input, resource }).allow).toBe(true);
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    const prefix = 'directory.example/acme/';
    expect(fastest(prefix + '/'.repeat(200_000))).toBeLessThan(10 * fastest(prefix + 'x'.repeat(200_000)));
  });

  it('declares what it reads', () => {
    expect(policy.phases).toEqual(['call', 'request']);
    expect(filtered.phases).toEqual(['call', 'request', 'response']);
    expect(filtered.inputs).toEqual(policy.inputs);
    expect(policy.reads('context')).toBe(false);
    expect(policy.reads('resource', 'id')).toBe(false);
    expect(policy.reads('resource', 'properties', 'name')).toBe(true);
  });
});

describe('the decision table through WASM, where responses are filtered', () => {
  it.each(table.filtered_cases)('$note', (row) => {
    const { allow, reasons } = filtered.decide(inputOf(row));
    expect({ allow, reasons }).toEqual({ allow: row.allow, reasons: row.reasons });
  });

  it('judges all that is no search as the other bundle does', () => {
    const others = table.cases.filter(({ action, phase }) => table.actions[action]?.class !== 'search' && phase !== 'response');
    expect(others.length).toBeGreaterThan(100);
    for (const row of others) {
      const { allow, reasons } = filtered.decide(inputOf(row));
      expect({ note: row.note, allow, reasons }).toEqual({ note: row.note, allow: row.allow, reasons: row.reasons });
    }
  });
});

describe("the demo's grants", () => {
  it.each<[string, string, string, string, boolean]>([
    ['acme', 'push', 'request', 'acme', true],
    ['acme', 'delete', 'request', 'umbra', false],
    ['acme', 'publish', 'request', 'acme', true],
    ['acme', 'lookup', 'request', 'umbra', true],
    ['acme', 'publish', 'request', 'all_records', false],
    ['user', 'search', 'call', 'service', true],
    ['user', 'pull', 'request', 'umbra', true],
    ['user', 'push', 'call', 'service', false],
    ['admin', 'delete', 'request', 'umbra', true],
    ['partner', 'search', 'request', 'query', true],
    ['partner', 'pull', 'request', 'acme', true],
    ['partner', 'pull', 'request', 'umbra', false],
    ['partner', 'push', 'call', 'service', false],
    ['partner', 'delete', 'call', 'service', false],
    ['stranger', 'search', 'call', 'service', false],
    ['nobody', 'search', 'call', 'service', false],
  ])('%s %s in phase %s on %s: %s', (subject, action, phase, resource, allow) => {
    expect(demo.decide(inputOf({ subject, action, phase, resource })).allow).toBe(allow);
  });
});
