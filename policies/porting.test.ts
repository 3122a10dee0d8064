import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { directoryCatalogue } from '@dirgate/directory';
import { loadPolicy } from '@dirgate/policy';
import { expectDecisions } from '@dirgate/testing/policy';
import { expect, it } from 'vitest';

const bundle = fileURLToPath(new URL('dist/example-porting.tar.gz', import.meta.url));
const agent = { subject: 'spiffe://directory.example/agent/a1', server: 'spiffe://directory.example/dir' };
const namesake = { ...agent, subject: 'spiffe://partner.example/agent/a1' };
const web = { ...agent, subject: 'spiffe://directory.example/service/web' };
const push = '/agntcy.dir.store.v1.StoreService/Push';
const searchCids = '/agntcy.dir.search.v1.SearchService/SearchCIDs';
const record = (name: string) => ({ type: 'record', properties: { name } });

it('decides through WASM as the policy did that was carried over', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dirgate-porting-'));
  try {
    const data = join(folder, 'grants.json');
    const publisher = [{ roles: ['publisher'] }];
    const ids = { [agent.subject]: publisher, [namesake.subject]: publisher, [web.subject]: [{ roles: ['reader'] }] };
    writeFileSync(data, JSON.stringify({ ids }));
    const policy = (await loadPolicy({ bundle, data, watch: false })).current();
    const yes = { allow: true, reasons: ['teams_allow'] };
    const no = { allow: false, reasons: ['teams_deny'] };
    expectDecisions(policy, directoryCatalogue, [
      { note: 'an agent may push', ...agent, method: push, ...yes },
      { note: 'what it owns', ...agent, method: push, resource: record('directory.example/a1/weather'), ...yes },
      { note: 'what another owns', ...agent, method: push, resource: record('directory.example/a2/weather'), ...no },
      { note: 'what its namesake owns', ...namesake, method: push, resource: record('directory.example/a1/weather'), ...no },
      { note: 'what has no name', ...agent, method: push, resource: { type: 'record' }, ...no },
      { note: 'an agent does not search', ...agent, method: searchCids, ...no },
      { note: 'a reader searches', ...web, method: searchCids, ...yes },
      { note: 'a reader does not push', ...web, method: push, ...no },
      { note: 'nobody does', ...agent, subject: 'spiffe://directory.example/agent/a2', method: push, ...no },
    ]);
    expect(policy.reads('context', 'time_ms')).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
