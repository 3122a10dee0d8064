import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { directoryCatalogue } from '@dirgate/directory';
import type { ActionClass } from '@dirgate/guard';
import { loadPolicy, type Policy } from '@dirgate/policy';
import { afterAll, describe, expect, it } from 'vitest';
import { type CasbinImport, importCasbin } from './import-casbin.js';
import { runningCasbin } from './test-support/running-casbin.js';

const POLICIES = 200;
const REQUESTS = 50;

const bundleOf = (name: string) => fileURLToPath(new URL(`../../../policies/dist/${name}.tar.gz`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'dirgate-casbin-'));
afterAll(() => rmSync(folder, { recursive: true }));

const methods = [...directoryCatalogue.keys()];
/** Close to each other, so that one is often found in another. */
const trustDomains = [
  ...['example.org', 'sub.example.org', 'example.org.evil.test', 'examplexorg', 'exampleorg', 'other.test'],
  ...['team-a', 'team-b', 'my-team-x', 'team', 'constructor', '10.0.0.1'],
];

/** Numbers from 0 (included) to 1, the same each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function cut(random: () => number, text: string): string {
  return text.slice(0, 1 + Math.floor(random() * text.length));
}

function randomRule(random: () => number): string {
  const column = (names: readonly string[]): string => {
    const name = pick(random, names);
    const kind = random();
    if (kind < 0.6) return name;
    if (kind < 0.8) return `${cut(random, name)}*`;
    return kind < 0.9 ? cut(random, name) : '*';
  };
  return `p, ${column(trustDomains)}, ${column(methods)}`;
}

async function guardOf(
  { grants }: CasbinImport,
  bundle = bundleOf('directory'),
): Promise<(trustDomain: string, method: string) => boolean> {
  const data = join(folder, 'grants.json');
  writeFileSync(data, JSON.stringify(grants));
  const policy = (await loadPolicy({ bundle, data })).current();
  return (trustDomain, method) => decide(policy, trustDomain, method);
}

/** Before the messages and for a message; a call goes through when both allow. */
function decide(policy: Policy, trustDomain: string, method: string): boolean {
  const actionClass = directoryCatalogue.get(method)?.class as ActionClass;
  const [, service, name] = method.split('/');
  const allows = (phase: string, type: string): boolean =>
    policy.decide({
      subject: {
        type: 'workload',
        id: `spiffe://${trustDomain}/caller`,
        properties: { trust_domain: trustDomain, path: ['caller'], federated: true },
      },
      action: { name: method, properties: { service, method: name, class: actionClass, phase } },
      resource: { type, properties: {} },
    }).allow;
  return allows('call', 'service') && allows('request', actionClass === 'search' ? 'query' : 'record');
}

describe('against the npm package casbin with the same model', () => {
  it(`what the import allows Casbin allows, and what Casbin allows beyond it stands in the report (${POLICIES * REQUESTS} pairs)`, async () => {
    const random = seeded(20_261_127);
    const seen = { both: 0, neither: 0, casbinOnly: 0 };
    for (let count = 0; count < POLICIES; count += 1) {
      const csv = Array.from({ length: 1 + Math.floor(random() * 4) }, () => randomRule(random)).join('\n');
      const imported = importCasbin(csv, { trustDomains });
      const casbin = await runningCasbin(csv);
      const guard = await guardOf(imported);
      for (let requests = 0; requests < REQUESTS; requests += 1) {
        const [trustDomain, method] = [pick(random, trustDomains), pick(random, methods)];
        const today = casbin(trustDomain, method);
        const here = guard(trustDomain, method);
        if (here && !today) expect.fail(`only the import lets ${trustDomain} call ${method}:\n${csv}`);
        if (today && !here) {
          const told = imported.report.some(({ meant, alsoToday }) => {
            const domains = [...meant.trustDomains, ...alsoToday.trustDomains];
            return domains.includes(trustDomain) && [...meant.methods, ...alsoToday.methods].includes(method);
          });
          if (!told) expect.fail(`the report does not say that Casbin lets ${trustDomain} call ${method}:\n${csv}`);
        }
        seen[today ? (here ? 'both' : 'casbinOnly') : 'neither'] += 1;
      }
    }
    // The pairs must be of all three kinds, or the comparison proves nothing.
    expect(Math.min(seen.both, seen.casbinOnly, seen.neither)).toBeGreaterThan(500);
  }, 60_000);

  it('what was meant is allowed, and nothing else', async () => {
    const imported = importCasbin(
      'p, example.org, /agntcy.dir.store.v1.StoreService/Pull\np, team-*, /agntcy.dir.search.v1.SearchService/*',
      {
        trustDomains,
      },
    );
    const guard = await guardOf(imported);
    const allowed = trustDomains.flatMap((trustDomain) =>
      methods.filter((method) => guard(trustDomain, method)).map((method) => `${trustDomain} ${method.split('/')[2]}`),
    );
    expect(allowed).toEqual([
      'example.org Pull',
      ...['team-a', 'team-b'].flatMap((name) =>
        ['SearchCIDs', 'SearchRecords', 'CountRecords'].map((method) => `${name} ${method}`),
      ),
    ]);
  });

  it('every method is allowed by both bundles where Casbin allows everything', async () => {
    const imported = importCasbin('p, example.org, *');
    for (const name of ['directory', 'directory-filtered']) {
      const guard = await guardOf(imported, bundleOf(name));
      expect(methods.filter((method) => !guard('example.org', method))).toEqual([]);
    }
  });

  it('a policy without a rule allows everything there', async () => {
    expect((await runningCasbin('# nothing'))('example.org', '/any/Method')).toBe(true);
  });
});
