import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { JWTBundlesResponseSchema } from '../gen/spiffe/workload/workloadapi_pb.js';
import { readJwtUpdate } from './jwt-update.js';
import { Turns } from './turns.js';

const MOST_BYTES = 100;
const bytes = Buffer.from('{"keys":[]}'.padEnd(MOST_BYTES + 1));
const bundles = { 'spiffe://a.example': bytes, 'spiffe://b.example': bytes };
const message = toBinary(JWTBundlesResponseSchema, create(JWTBundlesResponseSchema, { bundles }));

/** Reads it one entry a turn; between two of them, `meanwhile` happens. */
async function read(meanwhile: () => void, ownTrustDomains: () => readonly string[]) {
  const turns = new Turns(
    () => Number.POSITIVE_INFINITY,
    async () => meanwhile(),
  );
  const limits = { maxBundles: 10, maxFederatedBundleBytes: MOST_BYTES };
  const context = { previous: undefined, now: 0, ...limits, report: () => {}, turns, ownTrustDomains };
  const snapshot = await readJwtUpdate(message, context);
  return [...snapshot.bundles].map(([name, { bundle }]) => [name, bundle?.keyIds]);
}

test.each([
  ['before', ['a.example'], ['a.example']],
  ['while the message is read', [], ['a.example']],
])('an identity that comes %s has its own bundle, which may be larger than those of others', async (_when, before, after) => {
  let own = before;
  const found = await read(
    () => {
      own = after;
    },
    () => own,
  );
  expect(found).toEqual([
    ['a.example', []],
    ['b.example', undefined],
  ]);
});

test('one that goes while the message is read has not', async () => {
  let own = ['a.example'];
  const found = await read(
    () => {
      own = [];
    },
    () => own,
  );
  expect(found).toEqual([
    ['a.example', undefined],
    ['b.example', undefined],
  ]);
});
