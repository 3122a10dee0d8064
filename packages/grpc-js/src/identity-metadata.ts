import type { Metadata } from '@grpc/grpc-js';

/** Headers by which proxies hand identities on. Nobody behind a guard may mistake one for a proof (DESIGN §4.9). */
const NAMES: ReadonlySet<string> = new Set([
  'x-spiffe-id',
  'x-forwarded-client-cert',
  'l5d-client-id',
  'x-dirgate-caller',
  'dirgate-caller',
]);

/** Removes every inbound header that claims an identity, `_` and `-bin` spellings too, before a handler can read it. */
export function stripIdentityMetadata(metadata: Metadata): void {
  for (const key of Object.keys(metadata.toJSON())) {
    if (NAMES.has(key.replaceAll('_', '-').replace(/-bin$/, ''))) {
      metadata.remove(key);
    }
  }
}
