import type { X509Bundle, X509Svid } from '@dirgate/spiffe';
import { readBundles } from './updates/read-bundles.js';
import type { X509Snapshot } from './updates/x509-snapshot.js';

/** Our X509-SVIDs and the bundles of those that we trust, of one message. */
export interface X509Context {
  /** In the order sent: the first is the default identity (W-18). Each was valid and led to its own trust domain's bundle when it came. */
  readonly svids: readonly X509Svid[];
  /** By trust domain name, our own included. */
  readonly bundles: ReadonlyMap<string, X509Bundle>;
}

export async function x509ContextOf({ svids, bundles }: X509Snapshot): Promise<X509Context> {
  return Object.freeze({ svids: Object.freeze(svids.map(({ svid }) => svid)), bundles: await readBundles(bundles) });
}
