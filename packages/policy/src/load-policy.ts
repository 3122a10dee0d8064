import { readArchive } from './archive.js';
import { buildPolicy } from './build-policy.js';
import { parseBundle } from './bundle.js';
import { readBundlePath } from './bundle-path.js';
import { refuseOlder } from './bundle-revision.js';
import { verifyBundle } from './bundle-signature.js';
import { type BundleVerification, readVerification } from './bundle-verification.js';
import { readGrants } from './grants-file.js';
import { PolicyError } from './policy-error.js';
import type { LivePolicy } from './policy-source.js';

/** What {@link loadPolicy} reads. */
export interface LoadPolicyOptions {
  /** Path of an OPA bundle with a `policy.wasm`: a `.tar.gz`, or a directory that holds it unpacked. Or the `.tar.gz`'s bytes. */
  readonly bundle: string | Uint8Array;
  /** Path of the grants (YAML or JSON), merged as `data.directory.grants`. Without it the bundle's own data is all there is. */
  readonly data?: string;
  /** Who must have signed the bundle. Default: nobody, and a bundle that is signed all the same is refused. */
  readonly verification?: BundleVerification;
  /** Now, in ms since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
}

/**
 * Loads a policy that can decide at once.
 * Checked: the files, the manifest and its record, the module, its entrypoint and built-ins, the grants against their schema, and
 * that the policy answers the bundle's own probes rightly. With `verification`, that somebody trusted signed every file. Reads the files once and does not watch them; nothing is written.
 *
 * @throws {PolicyError} with a `bundle_*` or `grants_*` code, or `option_invalid`, and a message of one line: file, reason, remedy
 */
export async function loadPolicy(options: LoadPolicyOptions): Promise<LivePolicy> {
  const { clock = Date.now } = options;
  const verification = options.verification && readVerification(options.verification);
  if (verification && options.data !== undefined && !options.verification?.allowUnsignedGrants) {
    throw new PolicyError(
      'option_invalid',
      'data: the bundle is verified and grants from a file are not; set verification.allowUnsignedGrants',
    );
  }
  const origin = typeof options.bundle === 'string' ? options.bundle : 'the bundle';
  const files = await (typeof options.bundle === 'string' ? readBundlePath(origin) : readArchive(options.bundle, origin));
  await verifyBundle(files, verification, clock(), origin);
  const bundle = parseBundle(files, origin);
  if (verification?.refuseOlder) refuseOlder(bundle, undefined, verification.oldestRevision, origin);
  const grants = options.data === undefined ? undefined : await readGrants(options.data);
  const policy = await buildPolicy(bundle, grants, origin);
  return Object.freeze({
    current: () => policy,
    // Nothing changes it yet.
    onChange: () => () => {},
  });
}
