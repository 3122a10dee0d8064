import type { IdentitySource, X509Svid } from '@dirgate/spiffe';

/** A workload's own identity and the bundles that it trusts, live. After {@link WorkloadApi.close} all of it is gone. */
export interface WorkloadApi extends IdentitySource, AsyncDisposable {
  /** The endpoint's address, as it was given. */
  readonly address: string;
  /** All our X509-SVIDs, the default one first; empty when there is none. */
  x509Svids(): readonly X509Svid[];
  /** Ends the streams and their timers; identity and bundles are gone for all readers. Never rejects. */
  close(): Promise<void>;
}
