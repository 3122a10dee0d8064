import { safeLogger } from '@dirgate/live';
import { type BundleVerification, type ReadVerification, readVerification } from './bundle/bundle-verification.js';
import { isJsonObject } from './json-object.js';
import { type BundleServer, type ReadBundleServer, readBundleServer } from './live/bundle-server.js';
import type { WatchOptions } from './live/file-part.js';
import { steadyClock } from './live/steady-clock.js';
import { requireInRange } from './number-range.js';
import { PolicyError } from './policy-error.js';
import type { PolicyLogger } from './policy-logger.js';

/** What {@link loadPolicy} loads, and how. */
export interface LoadPolicyOptions {
  /**
   * An OPA bundle with a `policy.wasm`: the path of a `.tar.gz` or of a directory that holds it unpacked, the bytes of a `.tar.gz`,
   * or where a server has it.
   */
  readonly bundle: string | Uint8Array | BundleServer;
  /** Path of the grants (YAML or JSON), merged as `data.directory.grants`. Without it the bundle's own data is all there is. */
  readonly data?: string;
  /** Whether what changes comes into force by itself. Default `true`; `false`: only by `refresh()`. */
  readonly watch?: boolean | WatchOptions;
  /** Who must have signed the bundle. Default: nobody, and a bundle that is signed all the same is refused. */
  readonly verification?: BundleVerification;
  /**
   * Whether to begin without a policy, which denies everything, where bundle or grants cannot be had at first. Default: `true` for a
   * server, which is asked again, and otherwise `false`.
   */
  readonly startEmpty?: boolean;
  /**
   * For how long a policy stays in force after bundle and grants were last found up to date; then there is none, and everything is
   * denied. Default: for ever.
   */
  readonly maxAgeMs?: number;
  /** Default: none. */
  readonly logger?: PolicyLogger;
  /** Now, in ms since the epoch. Default: `Date.now`, but it goes on where that is set back, so that no policy grows younger. */
  readonly clock?: () => number;
  /** Aborts loading. Once loaded it has no effect: use `close()`. */
  readonly signal?: AbortSignal;
}

/** {@link LoadPolicyOptions}, read. */
export interface LoadSettings {
  readonly bundle: string | Uint8Array | ReadBundleServer;
  readonly data: string | undefined;
  readonly watch: Required<WatchOptions>;
  readonly isWatched: boolean;
  readonly verification: ReadVerification | undefined;
  readonly startEmpty: boolean;
  readonly maxAgeMs: number | undefined;
  readonly logger: PolicyLogger;
  readonly clock: () => number;
}

const names: ReadonlySet<string> = new Set<keyof LoadPolicyOptions>([
  'bundle',
  'data',
  'watch',
  'verification',
  'startEmpty',
  'maxAgeMs',
  'logger',
  'clock',
  'signal',
]);

/** Fills in the defaults. @throws {PolicyError} `option_invalid` */
export function readLoadOptions(options: LoadPolicyOptions): LoadSettings {
  // A misspelt `verification` would be none.
  const unknown = Object.keys(options).find((name) => !names.has(name));
  if (unknown !== undefined) throw invalid(`${unknown} is no known option`);
  const { data, watch = true, verification, maxAgeMs, startEmpty } = options;
  const bundle = readBundleOption(options.bundle);
  if (startEmpty !== undefined && typeof startEmpty !== 'boolean') throw invalid('startEmpty must be true or false');
  if (data !== undefined && (typeof data !== 'string' || data === '')) throw invalid('data must be a path');
  const verified = verification === undefined ? undefined : readVerification(verification);
  if (verified !== undefined && data !== undefined && verification?.allowUnsignedGrants !== true) {
    throw invalid('data: the bundle is verified and grants from a file are not; set verification.allowUnsignedGrants');
  }
  const settings = {
    bundle,
    data,
    watch: readWatch(typeof watch === 'boolean' ? {} : watch),
    isWatched: watch !== false,
    verification: verified,
    startEmpty: startEmpty ?? isServer(bundle),
    maxAgeMs,
    logger: safeLogger(options.logger),
    clock: options.clock === undefined ? steadyClock() : safeClock(options.clock),
  };
  if (maxAgeMs !== undefined) checkMaxAge(maxAgeMs, settings);
  return settings;
}

/** Whether a bundle comes from a server. */
export function isServer(bundle: LoadSettings['bundle']): bundle is ReadBundleServer {
  return typeof bundle === 'object' && !(bundle instanceof Uint8Array);
}

function readBundleOption(bundle: LoadPolicyOptions['bundle']): LoadSettings['bundle'] {
  if (bundle instanceof Uint8Array || (typeof bundle === 'string' && bundle !== '')) return bundle;
  if (typeof bundle === 'object' && bundle !== null) return readBundleServer(bundle);
  throw invalid('bundle must be a path, bytes, or a server');
}

function readWatch(watch: WatchOptions): Required<WatchOptions> {
  const unknown = isJsonObject(watch) ? Object.keys(watch).find((name) => name !== 'pollMs' && name !== 'settleMs') : 'it';
  if (unknown !== undefined) throw invalid(`watch: ${unknown} is no known member; give true, false, or pollMs and settleMs`);
  const { pollMs = 10_000, settleMs = 100 } = watch;
  return { pollMs: requireInRange('watch.pollMs', pollMs, 1), settleMs: requireInRange('watch.settleMs', settleMs) };
}

// Ages are judged in timers, where a throw would end the process. What is no number proves no age, and so ends one.
function safeClock(clock: () => number): () => number {
  if (typeof clock !== 'function') throw invalid('clock must be a function');
  return () => {
    try {
      const now: unknown = clock();
      return typeof now === 'number' ? now : Number.NaN;
    } catch {
      return Number.NaN;
    }
  };
}

// Nothing may grow too old between two checks that both work.
function checkMaxAge(maxAgeMs: number, { bundle, data, watch, isWatched }: Omit<LoadSettings, 'maxAgeMs'>): void {
  requireInRange('maxAgeMs', maxAgeMs, 1);
  if (bundle instanceof Uint8Array && data === undefined) throw invalid('maxAgeMs: bytes do not change, and so do not age');
  if (!isWatched) return;
  const waits = [isServer(bundle) ? bundle.maxDelayMs + bundle.timeoutMs : watch.pollMs, data === undefined ? 0 : watch.pollMs];
  if (Math.max(...waits) >= maxAgeMs) {
    throw invalid('maxAgeMs must be longer than checks are apart: watch.pollMs, or maxDelayMs and timeoutMs of the server');
  }
}

function invalid(reason: string): PolicyError {
  return new PolicyError('option_invalid', reason);
}
