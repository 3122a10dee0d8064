import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { directoryCatalogue } from '@dirgate/directory';
import { createMessageReader } from '@dirgate/guard';
import { loadPolicy, type Policy } from '@dirgate/policy';
import { decisionInput, expectDecision } from '@dirgate/testing/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-paging-'));
afterAll(() => rmSync(folder, { recursive: true }));

const limited = 'spiffe://directory.example/limited';
const reader = 'spiffe://directory.example/reader';
const load = async (name: string): Promise<Policy> => {
  const data = join(folder, 'grants.json');
  const ids = {
    [limited]: [{ roles: ['searcher', 'reader'], names: ['directory.example/acme'] }],
    [reader]: [{ roles: ['searcher', 'reader'] }],
  };
  writeFileSync(data, JSON.stringify({ ids }));
  const bundle = fileURLToPath(new URL(`dist/${name}.tar.gz`, import.meta.url));
  return (await loadPolicy({ bundle, data, watch: false })).current();
};

const read = createMessageReader({ catalogue: directoryCatalogue, messages: 'ts-proto' });

/** What the guard asks about one message. */
function asked(subject: string, method: string, message: object): object {
  const [resource] = read(method, 'request', message);
  return decisionInput({ subject, method, ...(resource !== undefined && { resource }) }, directoryCatalogue);
}

describe('the rule that refuses paging to limited readers', () => {
  let policy: Policy;
  let without: Policy;
  beforeAll(async () => {
    policy = await load('example-paging');
    without = await load('directory-filtered');
  });

  it.each([
    ['search.v1.SearchService/SearchCIDs', { limit: 10 }],
    ['search.v1.SearchService/SearchCIDs', { offset: 10 }],
    ['search.v1.SearchService/SearchRecords', { limit: 1, offset: 1 }],
    ['routing.v1.RoutingService/List', { limit: 10 }],
    ['routing.v1.RoutingService/Search', { limit: 10 }],
  ])('%s, %j', (name, page) => {
    const ask = (subject: string, message: object) => asked(subject, `/agntcy.dir.${name}`, message);
    expectDecision(policy, ask(limited, {})).toAllow({ reasons: ['role_searcher'] });
    expectDecision(policy, ask(limited, { limit: 0 })).toAllow();
    expectDecision(policy, ask(limited, page)).toDeny({ reasons: ['search_exceeds_reading'] });
    expectDecision(policy, ask(reader, page)).toAllow();
    expectDecision(without, ask(limited, page)).toAllow();
  });

  it('leaves decisions to be remembered by what is read', () => {
    expect(policy.phases).toEqual(['call', 'request', 'response']);
    expect(policy.reads('resource', 'properties', 'limit')).toBe(true);
    expect(without.reads('resource', 'properties', 'limit')).toBe(false);
  });
});
