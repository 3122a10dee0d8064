import { setImmediate as nextTurn } from 'node:timers/promises';
import { GCProfiler } from 'node:v8';
import { threadWorkMs } from '@dirgate/harness';
import { expect, test, vi } from 'vitest';
import { TestedGuard } from '../test-support/tested-guard.js';
import { PeerTrust } from './peer-trust.js';

const CONNECTIONS = 5000;
const LIVE_CALLS = 2500;
/** So many different peers, each of which is proven on its own. */
const CHAINS = 500;
/** What no change may hold up calls for; a slice is half of it (DESIGN §4.6). */
const MOST_MS = 20;

/**
 * Turns the event loop until `isDone`; answers what the longest turn cost, and all of them. Collections of garbage, most of it of the
 * setup, fall into whatever turn they like: they are taken off, and summed up apart.
 */
async function turns(isDone: () => boolean): Promise<{ longest: number; all: number; collections: number }> {
  let [longest, all, collections] = [0, 0, 0];
  while (!isDone()) {
    const profiler = new GCProfiler();
    profiler.start();
    const before = threadWorkMs();
    await nextTurn();
    const cost = threadWorkMs() - before;
    const collected = profiler.stop().statistics.reduce((sum, { cost: us }) => sum + us / 1000, 0);
    const own = Math.max(0, cost - collected);
    longest = Math.max(longest, own);
    all += own;
    collections += collected;
  }
  return { longest, all, collections };
}

/** A guard with all connections open and proven, half of them with a live call. */
async function openConnections() {
  const tested = await TestedGuard.start({}, { monotonic: () => performance.now() });
  const chains = Array.from({ length: CHAINS }, (_, index) => tested.chainOf(`spiffe://partner.example/peer-${index}`));
  const revoked = vi.fn();
  for (let index = 0; index < CONNECTIONS; index += 1) {
    const call = tested.admitted(tested.connect(undefined, { peerChain: chains[index % CHAINS] ?? [] }, () => undefined));
    if (index < LIVE_CALLS) {
      call.watch(revoked);
    } else {
      call.end();
    }
  }
  return { tested, revoked, partner: tested.authority.trustDomain('partner.example') };
}

test('5,000 connections that are judged again hold the event loop for at most 20 ms of work', { timeout: 60_000 }, async () => {
  const { tested, revoked, partner } = await openConnections();
  const isHopeless = vi.spyOn(PeerTrust.prototype, 'isHopeless');
  const prove = vi.spyOn(PeerTrust.prototype, 'prove');
  const measure = async (work: string, change: () => void, isDone: () => boolean): Promise<number> => {
    change();
    const { longest, all, collections } = await turns(isDone);
    const [total, most, garbage] = [all, longest, collections].map((ms) => ms.toFixed(1));
    console.log(
      `${CONNECTIONS} connections, ${work}: ${total} ms of work, ${most} in the longest turn; ${garbage} of collections`,
    );
    expect(longest).toBeLessThan(MOST_MS);
    return all;
  };
  try {
    // A proof goes over to the new bundle with the first of call and connection that is judged.
    await measure(
      'rebound',
      () => partner.rotateX509Authority(),
      () => isHopeless.mock.calls.length === CONNECTIONS,
    );
    expect(prove).not.toHaveBeenCalled();
    expect(revoked).not.toHaveBeenCalled();
    isHopeless.mockClear();
    isHopeless.mockReturnValue(false); // as with another authority of the same name: the costly way
    const all = await measure(
      'refused',
      () => partner.retireX509Authorities(),
      () => prove.mock.calls.length === CONNECTIONS,
    );
    expect(all).toBeGreaterThan(2 * MOST_MS); // in one go it would have been too long
    expect(revoked).toHaveBeenCalledTimes(LIVE_CALLS);
    expect(prove.mock.results.every(({ type }) => type === 'throw')).toBe(true);
  } finally {
    vi.restoreAllMocks();
    tested.guard.close();
  }
});
