import type { Metadata } from '@grpc/grpc-js';

/** Headers by which proxies hand identities on. Nobody behind a guard may mistake one for a proof (DESIGN §4.9). */
const NAMES = ['x-spiffe-id', 'x-forwarded-client-cert', 'l5d-client-id', 'x-dirgate-caller', 'dirgate-caller'];

const SPELLINGS = NAMES.flatMap((name) => [name, name.replaceAll('-', '_')]).flatMap((name) => [name, `${name}-bin`]);

/** Removes every inbound header that claims an identity, before a handler can read it. */
export function stripIdentityMetadata(metadata: Metadata): void {
  for (const name of SPELLINGS) {
    metadata.remove(name);
  }
}
