import { safeLogger } from '@dirgate/live';
import { type BackoffOptions, readBackoff } from './calls/backoff.js';
import { requireKnown } from './known-options.js';
import type { WorkloadApiProfile } from './live/first-update.js';
import { readTimeoutMs } from './number-range.js';
import { compileSelection, type SelectSvid, type SvidSelection } from './svid-selection.js';
import { WorkloadApiError } from './workload-api-error.js';
import { readLimits, type WorkloadApiLimits } from './workload-api-limits.js';
import type { WorkloadApiLogger } from './workload-api-logger.js';

const PROFILES: ReadonlySet<string> = new Set<WorkloadApiProfile>(['x509', 'x509-bundles', 'jwt']);

/** How `connectWorkloadApi` behaves. */
export interface ConnectWorkloadApiOptions extends SvidSelection {
  /** `unix:///absolute/path` or `tcp://ip:port`. Default: the environment's `SPIFFE_ENDPOINT_SOCKET`. */
  readonly address?: string;
  /** How long to wait for the first state, retrying. Default 30 000. */
  readonly firstUpdateTimeoutMs?: number;
  /**
   * What must be there before the promise resolves. Default: `x509` and `jwt`, except for one that the endpoint answers with
   * UNIMPLEMENTED; naming a profile here makes that an error. Both are always asked for. Who needs no SVID of its own names
   * `x509-bundles` in place of `x509`: then bundles alone are asked for.
   */
  readonly need?: readonly WorkloadApiProfile[];
  /** Aborts connecting. Once connected it has no effect: use `close()`. */
  readonly signal?: AbortSignal;
  /** Default: none. */
  readonly logger?: WorkloadApiLogger;
  /** Now, in ms since the epoch, for the validity of SVIDs. Default `Date.now`. */
  readonly clock?: () => number;
  /** Waits between attempts. Default 1 s doubling to 30 s, with jitter. */
  readonly backoff?: BackoffOptions;
  /** How long one attempt waits for its first message. Default 30 000. */
  readonly responseTimeoutMs?: number;
  /** How long SVIDs and bundles stay in use after the endpoint began to deny them. Default 15 000; 0 = not at all. */
  readonly withdrawGraceMs?: number;
  /** How long one fetch of a JWT-SVID may take, retries included. Default 10 000. */
  readonly jwtSvidTimeoutMs?: number;
  /** The largest messages taken. */
  readonly limits?: WorkloadApiLimits;
}

/** {@link ConnectWorkloadApiOptions} with every default filled in. */
export interface Settings extends Required<Omit<ConnectWorkloadApiOptions, 'address' | 'limits' | 'need' | 'select' | 'signal'>> {
  readonly need: readonly WorkloadApiProfile[] | undefined;
  readonly limits: Required<WorkloadApiLimits>;
  readonly select: SvidSelection['select'];
  readonly selectSvid: SelectSvid;
}

const NAMES: ReadonlySet<string> = new Set<keyof ConnectWorkloadApiOptions>([
  'address',
  'select',
  'ifNoneFits',
  'firstUpdateTimeoutMs',
  'need',
  'signal',
  'logger',
  'clock',
  'backoff',
  'responseTimeoutMs',
  'withdrawGraceMs',
  'jwtSvidTimeoutMs',
  'limits',
]);

/** Fills in the defaults. @throws WorkloadApiError `option_invalid` */
export function readSettings(options: ConnectWorkloadApiOptions): Settings {
  requireKnown(options, NAMES);
  return {
    need: readNeed(options.need),
    logger: safeLogger(options.logger),
    clock: options.clock ?? Date.now,
    backoff: readBackoff(options.backoff),
    firstUpdateTimeoutMs: readTimeoutMs('firstUpdateTimeoutMs', options.firstUpdateTimeoutMs, 30_000),
    responseTimeoutMs: readTimeoutMs('responseTimeoutMs', options.responseTimeoutMs, 30_000),
    withdrawGraceMs: readTimeoutMs('withdrawGraceMs', options.withdrawGraceMs, 15_000),
    jwtSvidTimeoutMs: readTimeoutMs('jwtSvidTimeoutMs', options.jwtSvidTimeoutMs, 10_000),
    limits: readLimits(options.limits),
    select: options.select,
    ifNoneFits: options.ifNoneFits ?? 'none',
    selectSvid: compileSelection(options),
  };
}

function readNeed(need: readonly WorkloadApiProfile[] | undefined): readonly WorkloadApiProfile[] | undefined {
  if (need === undefined) return undefined;
  if (need.length === 0 || need.some((profile) => !PROFILES.has(profile))) {
    throw new WorkloadApiError('option_invalid', "need lists 'x509' or 'x509-bundles', 'jwt', or one of each");
  }
  if (need.includes('x509') && need.includes('x509-bundles')) {
    throw new WorkloadApiError('option_invalid', "need lists 'x509' or 'x509-bundles', not both: bundles come along with SVIDs");
  }
  return [...need];
}
