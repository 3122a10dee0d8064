import { PolicyError } from './policy-error.js';
import type { LivePolicy } from './policy-source.js';

/** What {@link loadPolicy} reads. */
export interface LoadPolicyOptions {
  /** Path of an OPA bundle (`.tar.gz`) with a `policy.wasm`, or its bytes. */
  readonly bundle: string | Uint8Array;
  /** Path of the grants (YAML or JSON), merged as `data.directory.grants`. */
  readonly data?: string;
}

/** Placeholder until the loader lands. */
export async function loadPolicy(_options: LoadPolicyOptions): Promise<LivePolicy> {
  throw new PolicyError('bundle_unreadable', 'not written yet');
}
