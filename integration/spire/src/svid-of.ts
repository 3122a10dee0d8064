import assert from 'node:assert/strict';
import { verifyX509Svid, type X509Svid } from '@dirgate/spiffe';
import type { Workload } from './spire-world.js';

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
