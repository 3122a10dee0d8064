import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { directoryCatalogue } from '@dirgate/directory';
import type { ActionClass } from '@dirgate/guard';
import { type LivePolicy, loadPolicy, type Policy } from '@dirgate/policy';
import { afterAll, describe, expect, it } from 'vitest';
import { CasbinImportError } from './casbin-import-error.js';
import { type CasbinImport, importCasbin } from './import-casbin.js';
import { runningCasbin } from './test-support/running-casbin.js';

const POLICIES = 200;
const REQUESTS = 50;

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

const data = join(folder, 'grants.json');
writeFileSync(data, '{}');
/** Each bundle is compiled once; grants are read anew. */
const policies = new Map<string, Promise<LivePolicy>>();

async function guardOf({ grants }: CasbinImport, name = 'directory'): Promise<(trustDomain: string, method: string) => boolean> {
  const bundle = fileURLToPath(new URL(`../../../policies/dist/${name}.tar.gz`, import.meta.url));
  const loading = policies.get(name) ?? loadPolicy({ bundle, data, watch: false });
  policies.set(name, loading);
  const live = await loading;
  writeFileSync(data, JSON.stringify(grants));
  await live.refresh();
  expect(live.status().lastError).toBeUndefined();
  const policy = live.current();
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

interface Seen {
  both: number;
  neither: number;
  casbinOnly: number;
}

/** Asks both about random pairs. */
async function compare(csv: string, imported: CasbinImport, random: () => number, requests: number, seen: Seen): Promise<void> {
  const casbin = await runningCasbin(csv);
  const guard = await guardOf(imported);
  for (let request = 0; request < requests; request += 1) {
    const [trustDomain, method] = [pick(random, trustDomains), pick(random, methods)];
    const today = casbin(trustDomain, method);
    const here = guard(trustDomain, method);
    if (here && !today) expect.fail(`only the import lets ${trustDomain} call ${method}:\n${JSON.stringify(csv)}`);
    if (today && !here) {
      const told = imported.report.some(({ meant, alsoToday }) => {
        const domains = [...meant.trustDomains, ...alsoToday.trustDomains];
        return domains.includes(trustDomain) && [...meant.methods, ...alsoToday.methods].includes(method);
      });
      if (!told) expect.fail(`the report does not say that Casbin lets ${trustDomain} call ${method}:\n${JSON.stringify(csv)}`);
    }
    seen[today ? (here ? 'both' : 'casbinOnly') : 'neither'] += 1;
  }
}

const odd = [...'.*/-_^$|()[]\\?+,"# \t\rA%\ufeff\u00a0\u0085', '.*', '**', '/*', '{2}', '(?i)'];

function withOneChange(random: () => number, text: string): string {
  const at = Math.floor(random() * (text.length + 1));
  return text.slice(0, at) + pick(random, odd) + text.slice(at + Math.floor(random() * 2));
}

function importedOrRefused(csv: string): CasbinImport | undefined {
  try {
    return importCasbin(csv, { trustDomains });
  } catch (error) {
    if (error instanceof CasbinImportError) return undefined;
    throw error;
  }
}

describe('against the npm package casbin with the same model', () => {
  it(`what the import allows Casbin allows, and what Casbin allows beyond it stands in the report (${POLICIES * REQUESTS} pairs)`, async () => {
    const random = seeded(20_261_127);
    const seen = { both: 0, neither: 0, casbinOnly: 0 };
    for (let count = 0; count < POLICIES; count += 1) {
      const csv = Array.from({ length: 1 + Math.floor(random() * 4) }, () => randomRule(random)).join('\n');
      await compare(csv, importCasbin(csv, { trustDomains }), random, REQUESTS, seen);
    }
    // The pairs must be of all three kinds, or the comparison proves nothing.
    expect(Math.min(seen.both, seen.casbinOnly, seen.neither)).toBeGreaterThan(500);
  }, 60_000);

  it('a rule with an odd character is refused, or means the same there', async () => {
    const random = seeded(20_261_128);
    const seen = { both: 0, neither: 0, casbinOnly: 0 };
    let refused = 0;
    for (let count = 0; count < 300; count += 1) {
      const csv = withOneChange(random, randomRule(random));
      const imported = importedOrRefused(csv);
      if (imported === undefined) refused += 1;
      else await compare(csv, imported, random, 100, seen);
    }
    expect(Math.min(refused, seen.both, seen.casbinOnly, seen.neither)).toBeGreaterThan(20);
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
      const guard = await guardOf(imported, name);
      expect(methods.filter((method) => !guard('example.org', method))).toEqual([]);
    }
  });

  it('a policy without a rule allows everything there', async () => {
    expect((await runningCasbin('# nothing'))('example.org', '/any/Method')).toBe(true);
  });
});
