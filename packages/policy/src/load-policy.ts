import { readArchive } from './archive.js';
import { buildPolicy } from './build-policy.js';
import { parseBundle } from './bundle.js';
import { readBundlePath } from './bundle-path.js';
import { readGrants } from './grants-file.js';
import type { LivePolicy } from './policy-source.js';

/** What {@link loadPolicy} reads. */
export interface LoadPolicyOptions {
  /** Path of an OPA bundle with a `policy.wasm`: a `.tar.gz`, or a directory that holds it unpacked. Or the `.tar.gz`'s bytes. */
  readonly bundle: string | Uint8Array;
  /** Path of the grants (YAML or JSON), merged as `data.directory.grants`. Without it the bundle's own data is all there is. */
  readonly data?: string;
}

/**
 * Loads a policy that can decide at once.
 * Checked: the files, the manifest and its record, the module, its entrypoint and built-ins, the grants against their schema, and
 * that the policy answers the bundle's own probes rightly. Not checked: signatures. Reads the files once and does not watch them; nothing is written.
 *
 * @throws {PolicyError} with a `bundle_*` or `grants_*` code and a message of one line: file, reason, remedy
 */
export async function loadPolicy(options: LoadPolicyOptions): Promise<LivePolicy> {
  const origin = typeof options.bundle === 'string' ? options.bundle : 'the bundle';
  const files = await (typeof options.bundle === 'string' ? readBundlePath(origin) : readArchive(options.bundle, origin));
  const bundle = parseBundle(files, origin);
  const grants = options.data === undefined ? undefined : await readGrants(options.data);
  const policy = await buildPolicy(bundle, grants, origin);
  return Object.freeze({
    current: () => policy,
    // Nothing changes it yet.
    onChange: () => () => {},
  });
}
