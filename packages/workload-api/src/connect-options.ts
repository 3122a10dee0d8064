import type { BackoffOptions } from './backoff.js';
import type { WorkloadApiProfile } from './first-update.js';
import { WorkloadApiError } from './workload-api-error.js';
import { SILENT_LOGGER, type WorkloadApiLogger, withoutThrows } from './workload-api-logger.js';

/** How `connectWorkloadApi` behaves. */
export interface ConnectWorkloadApiOptions {
  /** `unix:///absolute/path` or `tcp://ip:port`. Default: the environment's `SPIFFE_ENDPOINT_SOCKET`. */
  readonly address?: string;
  /** How long to wait for the first state, retrying. Default 30 000. */
  readonly firstUpdateTimeoutMs?: number;
  /**
   * What must be there before the promise resolves. Default: both, except for one that the endpoint answers with
   * UNIMPLEMENTED; naming a profile here makes that an error. Both are always asked for.
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
  /** Largest message taken. Default 64 MiB. */
  readonly maxResponseBytes?: number;
  /** Most bundles in one message. Default 20 000. */
  readonly maxBundles?: number;
}

/** {@link ConnectWorkloadApiOptions} with every default filled in. */
export type Settings = Required<Omit<ConnectWorkloadApiOptions, 'address' | 'need' | 'signal'>>;

/** Fills in the defaults. @throws WorkloadApiError `option_invalid` */
export function readSettings(options: ConnectWorkloadApiOptions): Settings {
  const number = (name: keyof ConnectWorkloadApiOptions & `${string}Ms`, fallback: number): number =>
    inRange(name, options[name] ?? fallback);
  if (options.need?.length === 0 || options.need?.some((profile) => profile !== 'x509' && profile !== 'jwt')) {
    throw new WorkloadApiError('option_invalid', "need lists 'x509', 'jwt', or both");
  }
  const { initialMs = 1000, maxMs = 30_000 } = options.backoff ?? {};
  return {
    logger: withoutThrows(options.logger ?? SILENT_LOGGER),
    clock: options.clock ?? Date.now,
    // From 1: doubling 0 waits for nothing, ever.
    backoff: { initialMs: inRange('backoff.initialMs', initialMs, 1), maxMs: inRange('backoff.maxMs', maxMs, 1) },
    firstUpdateTimeoutMs: number('firstUpdateTimeoutMs', 30_000),
    responseTimeoutMs: number('responseTimeoutMs', 30_000),
    withdrawGraceMs: number('withdrawGraceMs', 15_000),
    jwtSvidTimeoutMs: number('jwtSvidTimeoutMs', 10_000),
    maxResponseBytes: inRange('maxResponseBytes', options.maxResponseBytes ?? 64 * 1024 * 1024),
    maxBundles: inRange('maxBundles', options.maxBundles ?? 20_000),
  };
}

/** setTimeout fires at once beyond this, and so would every wait. */
function inRange(name: string, value: number, least = 0): number {
  if (Number.isFinite(value) && value >= least && value < 2 ** 31) return value;
  throw new WorkloadApiError('option_invalid', `${name} must be a number from ${least} to 2147483647`);
}
