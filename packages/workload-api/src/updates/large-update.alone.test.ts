import { setImmediate as nextTurn } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { threadWorkMs } from '@dirgate/harness';
import { afterEach, expect, test } from 'vitest';
import { JWTBundlesResponseSchema } from '../gen/spiffe/workload/workloadapi_pb.js';
import { IdentityState } from '../live/identity-state.js';
import { SILENT_LOGGER } from '../test-support/silent-logger.js';
import { type JwtSnapshot, readJwtUpdate } from './jwt-update.js';

const COUNT = 10_000;
/** Half as much would do on a quiet machine; the limit promised is 50 ms. */
const MOST_MS = 100;

let state: IdentityState | undefined;

afterEach(() => state?.end());

function message(): Buffer {
  const keys = Array.from({ length: 4 }, (_, i) => ({
    kty: 'RSA',
    kid: `k${i}`,
    n: Buffer.alloc(256, 0xff).toString('base64url'),
    e: 'AQAB',
  }));
  const jwks = Buffer.from(JSON.stringify({ keys }));
  const bundles = Object.fromEntries(Array.from({ length: COUNT }, (_, i) => [`spiffe://td${i}.example`, jwks]));
  return Buffer.from(toBinary(JWTBundlesResponseSchema, create(JWTBundlesResponseSchema, { bundles })));
}

test('ten thousand bundles never hold the event loop for long', { timeout: 60_000 }, async () => {
  const bytes = message();
  const held = new IdentityState(SILENT_LOGGER);
  state = held;
  let longest = 0;
  let isDone = false;
  const watching = (async () => {
    for (let before = threadWorkMs(); !isDone; before = threadWorkMs()) {
      await nextTurn();
      longest = Math.max(longest, threadWorkMs() - before);
    }
  })();
  const context = {
    now: 0,
    maxBundles: COUNT,
    maxFederatedBundleBytes: 262_144,
    report: () => expect.unreachable(),
    ownTrustDomains: () => [],
  };
  const read = async (): Promise<JwtSnapshot> => {
    const snapshot = await readJwtUpdate(bytes, { ...context, previous: held.jwt });
    held.setJwt(snapshot);
    return snapshot;
  };
  const begin = threadWorkMs();
  const { bundles } = await read();
  while ([...bundles.values()].some(({ isRead }) => !isRead)) await nextTurn();
  const all = threadWorkMs() - begin;
  await read();
  isDone = true;
  await watching;
  expect(longest).toBeLessThan(MOST_MS);
  // In one go it would have been too long.
  expect(all).toBeGreaterThan(2 * MOST_MS);
});
