import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { directoryCatalogue } from '@dirgate/directory';
import type { MessageRule, MethodRule } from '@dirgate/guard';
import { type Grant, loadPolicy, type Policy } from '@dirgate/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-methods-'));
afterAll(() => rmSync(folder, { recursive: true }));

const policyWith = async (bundle: string, grant: Grant): Promise<Policy> => {
  const data = join(folder, 'grants.json');
  writeFileSync(data, JSON.stringify({ trust_domains: { 'directory.example': [grant] } }));
  const path = fileURLToPath(new URL(`dist/${bundle}.tar.gz`, import.meta.url));
  return (await loadPolicy({ bundle: path, data, watch: false })).current();
};

/** May a caller start this call, before any message? */
function mayCall(policy: Policy, name: string, rule: MethodRule): boolean {
  const [, service = '', method = ''] = name.split('/');
  return policy.decide({
    subject: {
      type: 'workload',
      id: 'spiffe://directory.example/x',
      properties: { trust_domain: 'directory.example', path: ['x'] },
    },
    action: { name, properties: { service, method, class: rule.class, phase: 'call' } },
    resource: { type: 'service', id: service, properties: {} },
  }).allow;
}

/** Of the searches, those that answer with what they find, and not with CIDs, counts or tags. */
const answersWithWhatItFinds = /\/(?:SearchRecords|ListAgents|SearchAgents|ListWorkloads)$/;
const typesOf = (rule: MessageRule | undefined): ReadonlySet<string> => new Set(rule?.resources.map(({ type }) => type));
const methods = [...directoryCatalogue];

// The rules list methods by name; the catalogue says which of them name records.
describe('every method of the catalogue', () => {
  let ofNames: Policy;
  let ofReferrers: Policy;
  let searcher: Policy;
  let unlimited: Policy;
  let filtered: Policy;
  let filteredUnlimited: Policy;
  beforeAll(async () => {
    const names: Grant = { roles: ['admin'], names: ['directory.example/acme'] };
    ofNames = await policyWith('directory', names);
    ofReferrers = await policyWith('directory', { roles: ['admin'], referrer_types: ['agntcy.dir.sign.v1.Signature'] });
    searcher = await policyWith('directory', { roles: ['searcher'] });
    unlimited = await policyWith('directory', { roles: ['searcher', 'reader'] });
    filtered = await policyWith('directory-filtered', names);
    filteredUnlimited = await policyWith('directory-filtered', { roles: ['admin'] });
  });

  it.each(methods)('%s is open to a grant for some names only where its messages are judged', (name, rule) => {
    const types = typesOf(rule.request);
    const judged = ['record', 'referrer', 'publication'].some((type) => types.has(type));
    const found = rule.class === 'search' && !answersWithWhatItFinds.test(name);
    expect(mayCall(ofNames, name, rule)).toBe(rule.class === 'search' ? found : judged);
  });

  it.each(methods)('%s is open to a grant for some referrers only where its messages are referrers', (name, rule) => {
    const found = rule.class === 'search' && !answersWithWhatItFinds.test(name);
    expect(mayCall(ofReferrers, name, rule)).toBe(found || typesOf(rule.request).has('referrer'));
  });

  it.each(methods.filter(([, rule]) => rule.class === 'search'))(
    '%s is open to whoever may search and not read only if it finds CIDs, counts or tags',
    (name, rule) => {
      expect(mayCall(searcher, name, rule)).toBe(!answersWithWhatItFinds.test(name));
      expect(mayCall(unlimited, name, rule)).toBe(true);
    },
  );

  it.each(methods.filter(([, rule]) => rule.class === 'search'))(
    '%s is open to a grant for some names, where responses are filtered, only if each names one record',
    (name, rule) => {
      expect(mayCall(filteredUnlimited, name, rule)).toBe(true);
      expect(mayCall(filtered, name, rule)).toBe(typesOf(rule.response).has('record'));
    },
  );

  it('is not open to a grant for some names when a newer Directory adds it', () => {
    const added: MethodRule = { class: 'read', phases: ['call'] };
    for (const service of ['store.v1.StoreService', 'routing.v1.RoutingService', 'search.v1.SearchService']) {
      expect(mayCall(filteredUnlimited, `/agntcy.dir.${service}/Added`, added)).toBe(true);
      expect(mayCall(ofNames, `/agntcy.dir.${service}/Added`, added)).toBe(false);
      expect(mayCall(ofNames, `/agntcy.dir.${service}/Added`, { ...added, class: 'search' })).toBe(false);
      expect(mayCall(filtered, `/agntcy.dir.${service}/Added`, { ...added, class: 'search' })).toBe(false);
    }
  });
});
