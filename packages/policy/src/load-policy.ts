import { readArchive } from './bundle/archive.js';
import { type Bundle, parseBundle } from './bundle/bundle.js';
import { readBundlePath } from './bundle/bundle-path.js';
import { verifyBundle } from './bundle/bundle-signature.js';
import { readGrants } from './grants-file.js';
import { shown } from './live/download-bundle.js';
import { FilePart } from './live/file-part.js';
import { FixedPart, type PolicyPart } from './live/policy-part.js';
import { ServerPart } from './live/server-part.js';
import { UpdatedPolicy } from './live/updated-policy.js';
import { isServer, type LoadPolicyOptions, type LoadSettings, readLoadOptions } from './load-options.js';
import type { Policy } from './policy.js';
import { PolicyError } from './policy-error.js';
import type { LivePolicy } from './policy-source.js';

/** {@link LoadPolicyOptions} with which there always is a policy. */
export interface LoadFilesOptions extends LoadPolicyOptions {
  readonly bundle: string | Uint8Array;
  readonly startEmpty?: false;
  readonly maxAgeMs?: never;
}

/**
 * Loads a policy and keeps it up to date: bundle and grants are loaded again when they change, each for itself, and what cannot be
 * used is reported and does not replace what is in force.
 * Checked, each time: the files, the manifest and its record, the module, its entrypoint and built-ins, the grants against their
 * schema, and that the policy answers the bundle's own probes rightly. With `verification`, that somebody trusted signed every file.
 * Everything happens in memory: nothing is written.
 *
 * Resolves once the first attempt is over. Watches directories or polls a server until closed; neither holds the process.
 *
 * @throws {PolicyError} `option_invalid`, `aborted`; and, unless it may start empty, with any other code of loading and a message of
 * one line: file, reason, remedy
 */
export async function loadPolicy(options: LoadFilesOptions): Promise<LivePolicy>;
/**
 * The same, where there may be no policy: `current()` is `undefined` until there is one, and while it is too old.
 *
 * @throws {PolicyError} as above
 */
export async function loadPolicy(options: LoadPolicyOptions): Promise<LivePolicy<Policy | undefined>>;
export async function loadPolicy(options: LoadPolicyOptions): Promise<LivePolicy<Policy | undefined>> {
  const { signal } = options;
  const settings = readLoadOptions(options);
  const live = createPolicy(settings);
  const abort = (): void => void live.close();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    if (signal?.aborted) abort();
    if (settings.isWatched) live.watch();
    const { state, lastError } = await live.refresh();
    if (state === 'closed') throw new PolicyError('aborted', 'loading was aborted', { cause: signal?.reason });
    if (state === 'waiting' && !settings.startEmpty) throw lastError ?? new PolicyError('load_failed', 'there is no policy');
    return live;
  } catch (error) {
    await live.close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function createPolicy(settings: LoadSettings): UpdatedPolicy {
  const { bundle, data, watch, verification, maxAgeMs, clock, logger } = settings;
  return new UpdatedPolicy({
    bundle: bundlePart(settings),
    grants: data === undefined ? undefined : new FilePart(data, readGrants, watch),
    origin: isServer(bundle) ? shown(bundle.url) : typeof bundle === 'string' ? bundle : 'the bundle',
    rollback: verification?.refuseOlder ? { oldest: verification.oldestRevision } : undefined,
    maxAgeMs,
    clock,
    logger,
  });
}

function bundlePart({ bundle, watch, verification, clock }: LoadSettings): PolicyPart<Bundle> {
  const open = async (files: ReadonlyMap<string, Uint8Array>, origin: string): Promise<Bundle> => {
    await verifyBundle(files, verification, clock(), origin);
    return parseBundle(files, origin);
  };
  if (isServer(bundle)) return new ServerPart(bundle, open);
  if (typeof bundle === 'string') return new FilePart(bundle, async (path) => open(await readBundlePath(path), path), watch);
  return new FixedPart(async () => open(await readArchive(bundle, 'the bundle'), 'the bundle'));
}
