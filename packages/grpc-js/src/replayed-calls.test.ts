import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { create } from '@bufbuild/protobuf';
import { SearchCIDsResponseSchema } from '@dirgate/directory';
import { openDecisionLog, replayDecisions } from '@dirgate/guard';
import { loadPolicy, type Policy } from '@dirgate/policy';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { SHAPES } from './test-support/four-shapes.js';
import { authorization, GuardedWorld } from './test-support/guarded-world.js';

const ADMIN = 'spiffe://home.example/admin';
const READER = 'spiffe://home.example/reader';
const NOBODY = 'spiffe://partner.example/nobody';
const BUNDLE = 'policies/dist/directory-filtered.tar.gz';
const grantsOf = (names: string): string => `
ids:
  ${ADMIN}:
    - roles: [reader, searcher, admin]
  ${READER}:
    - roles: [reader, searcher]
      names: [${names}]
`;
const recordCids = ['plain', 'secret', 'line\nbreak', '\u2028"\\', '😀'.repeat(200), '__proto__', ''];

test('a log of real calls, replayed by the policy that judged them, changes nothing; by a narrower one, what it refuses', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dirgate-replay-'));
  const policyOf = async (names: string): Promise<Policy> => {
    const data = join(folder, `${names.replaceAll('/', '-')}.yaml`);
    await writeFile(data, grantsOf(names));
    return (await loadPolicy({ bundle: BUNDLE, data })).current();
  };
  const enforced = await policyOf('home.example/public');
  const file = join(folder, 'decisions.jsonl');
  await using log = openDecisionLog({ to: file });
  let decisions = 0;
  await using world = await GuardedWorld.start({
    policy: { current: () => enforced, onChange: () => () => undefined },
    onDecision: (event) => {
      decisions += 1;
      log.onDecision(event);
    },
    describe: async ({ id }) => ({ name: id === 'secret' ? 'home.example/secret' : `home.example/public/${id}` }),
    search: {
      searchCIDs: (call) => {
        for (const recordCid of recordCids) call.write(create(SearchCIDsResponseSchema, { recordCid }));
        call.end();
      },
    },
  });
  const codes = new Set<status>();
  for (const id of [ADMIN, READER, NOBODY]) {
    for (const present of ['x509', 'jwt', 'both'] as const) {
      const client = world.client({ id, present });
      for (const shape of SHAPES) codes.add((await client.call(shape, { cids: recordCids })).code);
    }
  }
  codes.add((await world.client({ present: 'nothing' }).call('unary', { metadata: authorization('Bearer canary') })).code);
  expect(codes).toEqual(new Set([status.OK, status.PERMISSION_DENIED, status.UNAUTHENTICATED]));
  await log.flush();
  expect([log.written, log.dropped]).toEqual([decisions, 0]);
  expect(await readFile(file, 'utf8')).not.toContain('canary');

  const packed = join(folder, 'decisions.1');
  await writeFile(packed, gzipSync(await readFile(file)));
  const same = await replayDecisions({ log: [file, packed], policy: enforced });
  expect(same).toMatchObject({ changed: 0, otherReasons: 0, others: 2 });
  expect(Object.values(same.unjudged).every((count) => count === 0)).toBe(true);
  expect(same.judged + same.others).toBe(2 * decisions);

  const changes: string[] = [];
  const narrower = await replayDecisions({
    log: file,
    policy: await policyOf('home.example/public/plain'),
    onDifference: ({ kind, subject, before, after }) => changes.push([kind, subject, before.allow, after.allow].join(' ')),
  });
  expect(narrower).toMatchObject({ judged: same.judged / 2 });
  expect(narrower.changed).toBeGreaterThan(0);
  expect(new Set(changes)).toEqual(new Set([`verdict ${READER} true false`]));
  await rm(folder, { recursive: true });
});
