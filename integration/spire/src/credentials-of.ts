import assert from 'node:assert/strict';
import { verifyX509Svid, type X509Svid } from '@dirgate/spiffe';
import type { Workload } from './spire-world.js';
import { seenThat } from './wait-until.js';
import { SERVER_ID } from './world-names.js';

const FRESH_MS = 15_000;

/** The X509-SVID that a workload presents now; throws when there is none. */
export function svidOf({ identity }: Workload): X509Svid {
  const svid = identity.x509Svid();
  assert.ok(svid, 'there is no SVID');
  return svid;
}

/** Which authority of its workload's bundle an SVID leads to. */
export function anchorOf(svid: X509Svid, { identity }: Workload): string {
  return Buffer.from(verifyX509Svid(svid.chain, identity, { usage: 'client', now: Date.now() }).anchor.der).toString('base64');
}

/** Resolves when a workload's SVID and its token for the Directory have enough before them for many calls; both are of 20 s or more. */
export function freshCredentials(workload: Workload): Promise<void> {
  const isFresh = async (): Promise<boolean> => {
    const { expiresAt } = await workload.identity.fetchJwtSvid({ audience: SERVER_ID });
    return Math.min(expiresAt, svidOf(workload).validUntil) - Date.now() > FRESH_MS;
  };
  return seenThat('a fresh SVID and token', isFresh, 60_000);
}
