import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { directoryCatalogue } from '@dirgate/directory';
import { loadPolicy, type Policy } from '@dirgate/policy';
import { decisionInput } from '@dirgate/testing/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-own-names-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A path of as many segments as there are placeholders, and a name for each. */
const segments = Array.from({ length: 9 }, (_, index) => `s${index + 1}`);
const ofPositions = segments.map((_, index) => `a.example/${index + 1}/{path.${index + 1}}`);

let policy: Policy;
beforeAll(async () => {
  const data = join(folder, 'grants.json');
  const names = ['{trust_domain}/{agent}'];
  const path_prefixes = { 'spiffe://a.example/agent': [{ roles: ['publisher'], names }] };
  const ids = { [`spiffe://a.example/${segments.join('/')}`]: [{ roles: ['publisher'], names: ofPositions }] };
  writeFileSync(data, JSON.stringify({ ids, path_prefixes }));
  const bundle = fileURLToPath(new URL('dist/directory.tar.gz', import.meta.url));
  policy = (await loadPolicy({ bundle, data, watch: false })).current();
});

const mayPush = (agent: string, name: string): boolean => mayPushAs(`agent/${agent}`, name);

function mayPushAs(path: string, name: string): boolean {
  const question = {
    subject: `spiffe://a.example/${path}`,
    method: '/agntcy.dir.store.v1.StoreService/Push',
    resource: { type: 'record', properties: { name } },
  };
  return policy.decide(decisionInput(question, directoryCatalogue)).allow;
}

/** Every text of these parts, one or two of them long. */
function words(parts: readonly string[]): readonly string[] {
  return [...parts, ...parts.flatMap((one) => parts.map((other) => one + other))];
}

describe("a caller's own names", () => {
  // What a segment of a SPIFFE ID may be made of: letters, digits and these, but it is not . or ..
  const agents = words(['a', 'A', '0', '.', '-', '_']).filter((id) => id !== '.' && id !== '..');

  it('are what its segment names and what lies below it, whatever the segment', () => {
    const wrong: string[] = [];
    let allowed = 0;
    for (const agent of agents) {
      for (const other of [agent, 'a', `${agent}a`, `a/${agent}`, `${agent}/..`, '..', '{agent}', '']) {
        for (const tail of ['', '/', '/x', '//x', '/../x', '/./x', '/..', '/.x', 'x', '.x', '-x']) {
          const name = `a.example/${other}${tail}`;
          const own = name === `a.example/${agent}` || name.startsWith(`a.example/${agent}/`);
          const expected = own && !name.split('/').some((segment) => segment === '.' || segment === '..');
          const actual = mayPush(agent, name);
          if (actual !== expected) wrong.push(`${agent}: ${name}: ${actual}`);
          if (actual) allowed += 1;
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(allowed).toBeGreaterThan(agents.length);
  });

  it('are not left by what a URL parser takes for a dot or a slash', () => {
    expect(mayPush('a', 'a.example/a/100%25/x')).toBe(true);
    for (const way of ['%2e%2e', '.%2E', '.\t.', '.\n.', 'x\\..\\..']) {
      expect(new URL(`https://a.example/a/${way}/b`).pathname).toBe('/b'); // as it is resolved
      expect(mayPush('a', `a.example/a/${way}/b`)).toBe(false);
    }
    expect(mayPush('a', 'a.example/a/..%2fb')).toBe(false);
    expect(mayPush('a', 'a.example/a/..%5Cb')).toBe(false);
  });

  it('are those of its own position, counted from one', () => {
    for (const [position] of segments.entries())
      for (const [index, segment] of segments.entries()) {
        expect(mayPushAs(segments.join('/'), `a.example/${position + 1}/${segment}`)).toBe(position === index);
      }
    expect(mayPushAs(segments.slice(1).join('/'), 'a.example/1/s2')).toBe(false); // another caller
  });

  it('are none for a path of another shape', () => {
    expect(mayPush('a', 'a.example/a/x')).toBe(true);
    expect(mayPush('a/x', 'a.example/a/x')).toBe(false);
    expect(mayPush('executor/a', 'a.example/a/x')).toBe(false);
    expect(mayPush('executor', 'a.example/executor/x')).toBe(true);
  });
});
