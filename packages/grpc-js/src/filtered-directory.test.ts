import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { SearchCIDsResponseSchema, SearchRecordsResponseSchema } from '@dirgate/directory';
import { loadPolicy } from '@dirgate/policy';
import { type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ShapesClient } from './test-support/four-shapes.js';
import { GuardedWorld } from './test-support/guarded-world.js';

const EVERYTHING = 'spiffe://home.example/everything';
const LIMITED = 'spiffe://home.example/limited';
const grants = `
ids:
  ${EVERYTHING}:
    - roles: [reader, searcher]
  ${LIMITED}:
    - roles: [reader, searcher]
      names: [home.example/public]
`;
const names = new Map([
  ['cid-1', 'home.example/public/one'],
  ['cid-2', 'home.example/secret'],
  ['cid-3', 'home.example/public/three'],
  ['cid-4', 'home.example/publicity'],
]);
const all = [...names.values()];
const readable = ['home.example/public/one', 'home.example/public/three'];
let world: GuardedWorld;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dirgate-'));
  const data = join(folder, 'grants.yaml');
  await writeFile(data, grants);
  world = await GuardedWorld.start({
    policy: await loadPolicy({ bundle: 'policies/dist/directory-filtered.tar.gz', data }),
    describe: async ({ id }) => ({ name: names.get(id) ?? '' }),
    search: {
      searchRecords: (call) => {
        for (const name of names.values())
          call.write(create(SearchRecordsResponseSchema, { record: { data: { name, description: 'x' } } }));
        call.end();
      },
      searchCIDs: (call) => {
        for (const recordCid of names.keys()) call.write(create(SearchCIDsResponseSchema, { recordCid }));
        call.end();
      },
    },
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** The names of what a caller finds, by either search. */
function found({ search }: ShapesClient, method: 'searchRecords' | 'searchCIDs'): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const seen: string[] = [];
    const call = method === 'searchRecords' ? search.searchRecords({}) : search.searchCIDs({});
    call.on('data', (answer: { recordCid?: string; record?: { data?: { name?: string } } }) =>
      seen.push(answer.record?.data?.name ?? names.get(answer.recordCid ?? '') ?? 'unknown'),
    );
    call.on('error', reject);
    call.on('end', () => resolve(seen));
  });
}

test.each(['searchRecords', 'searchCIDs'] as const)('the shipped policy filters what %s finds', async (method) => {
  expect(await found(world.client({ id: EVERYTHING }), method)).toEqual(all);
  world.events.length = 0;
  const before = world.guard.metrics().filteredResponses;
  expect(await found(world.client({ id: LIMITED }), method)).toEqual(readable);
  expect(world.guard.metrics().filteredResponses - before).toBe(all.length - readable.length);
  expect(world.events.filter(({ allow }) => !allow)).toMatchObject(
    Array.from({ length: 2 }, () => ({ step: 'response', code: 'policy_denied', reasons: ['name_outside_grant'] })),
  );
});

test('and refuses counts to whom they would tell of what is left out', async () => {
  const count = ({ search }: ShapesClient): Promise<status> =>
    new Promise((resolve) => search.countRecords({}, (error: ServiceError | null) => resolve(error?.code ?? status.OK)));
  expect(await count(world.client({ id: EVERYTHING }))).toBe(status.OK);
  world.log.started.length = 0;
  expect(await count(world.client({ id: LIMITED }))).toBe(status.PERMISSION_DENIED);
  expect(world.log.started).toEqual([]);
});
