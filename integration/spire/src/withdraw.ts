import assert from 'node:assert/strict';
import { svidOf } from './credentials-of.js';
import type { SpireServer } from './spire-server.js';
import type { Workload } from './spire-world.js';

/** The agent hears of a deleted entry at its next sync, each second here, and of its denial we hear at once. */
const NOTICED_MS = 8_000;
/** Default of connectWorkloadApi's withdrawGraceMs. */
export const GRACE_MS = 15_000;

/** What became of a workload whose entry was deleted, in milliseconds since the epoch. */
export interface Withdrawal {
  /** When its agent first denied it. */
  readonly deniedAt: number;
  /** When our client dropped its X509-SVID and the bundles that came with it. */
  readonly x509At: number;
  /** When it dropped its JWT bundles. Its tokens are gone at the earlier of the two. */
  readonly jwtAt: number;
}

/** Deletes a workload's entry; `whenDenied` runs in the grace. Resolves when everything was dropped, after the grace and not before. */
export async function withdraw(server: SpireServer, workload: Workload, whenDenied: () => Promise<void>): Promise<Withdrawal> {
  const { entryId, identity } = workload;
  const { trustDomain } = svidOf(workload).id;
  const instantOf = (holds: () => boolean, timeoutMs: number): Promise<number> =>
    identity.waitFor(holds, { timeoutMs }).then(() => Date.now());

  await server.deleteEntry(entryId);
  const deniedAt = await instantOf(() => identity.status().lastError?.code === 'permission_denied', NOTICED_MS);
  const dropped = Promise.all([
    instantOf(() => identity.x509Svid() === undefined, GRACE_MS + NOTICED_MS),
    instantOf(() => identity.jwtBundle(trustDomain) === undefined, GRACE_MS + NOTICED_MS),
  ]);
  const [[x509At, jwtAt]] = await Promise.all([dropped, whenDenied()]);
  for (const [what, at] of [
    ['the X509-SVID', x509At],
    ['the JWT bundles', jwtAt],
  ] as const) {
    assert.ok(at - deniedAt >= GRACE_MS, `${what} went ${at - deniedAt} ms after the first denial, within the grace`);
  }
  assert.equal(identity.x509Bundle(trustDomain), undefined);
  assert.equal(identity.status().state, 'withdrawn');
  return { deniedAt, x509At, jwtAt };
}
