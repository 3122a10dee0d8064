import { status } from '@grpc/grpc-js';
import { type CallFailure, describeFailure } from '../calls/call-failure.js';
import type { WorkloadApiStream } from '../calls/workload-api-channel.js';
import { thisProcess } from '../this-process.js';
import { WorkloadApiError } from '../workload-api-error.js';

/** The two halves of the Workload API (Workload API §1); `x509-bundles` is the first one without SVIDs of our own. */
export type WorkloadApiProfile = 'x509' | 'x509-bundles' | 'jwt';

const PROFILES: readonly WorkloadApiProfile[] = ['x509', 'jwt'];
const NOT_OURS = /\b(EACCES|EPERM)\b/;
const RPC: Readonly<Record<WorkloadApiProfile, WorkloadApiStream>> = {
  x509: 'FetchX509SVID',
  'x509-bundles': 'FetchX509Bundles',
  jwt: 'FetchJWTBundles',
};

/** What {@link FirstUpdate} waits for. */
export interface FirstUpdateOptions {
  /** In words, for error messages. */
  readonly endpoint: string;
  /** `undefined`: each profile that the endpoint has not switched off (W-29). */
  readonly need: readonly WorkloadApiProfile[] | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Settles once the first state of all needed profiles is there, or will not come. */
export class FirstUpdate {
  readonly done: Promise<void>;
  readonly #options: FirstUpdateOptions;
  readonly #waiting: Set<WorkloadApiProfile>;
  readonly #causes = new Map<WorkloadApiProfile, CallFailure>();
  #arrived = false;
  #resolve: () => void = () => {};
  #reject: (error: WorkloadApiError) => void = () => {};

  constructor(options: FirstUpdateOptions) {
    this.#options = options;
    this.#waiting = new Set(options.need ?? PROFILES);
    const settled = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal, timeoutMs } = options;
    const timer = setTimeout(() => this.#reject(this.#timeout()), timeoutMs);
    const abort = (): void => this.#reject(new WorkloadApiError('aborted', 'connecting was aborted', { cause: signal?.reason }));
    signal?.addEventListener('abort', abort, { once: true });
    this.done = settled.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
    // It may fail before anybody awaits it.
    this.done.catch(() => {});
  }

  /** A profile's state is there. */
  arrived(profile: WorkloadApiProfile): void {
    this.#arrived = true;
    this.#settle(profile);
  }

  /** An attempt failed; another one follows. */
  failed(profile: WorkloadApiProfile, failure: CallFailure): void {
    this.#causes.set(profile, failure);
  }

  /** No attempt will follow. */
  ended(profile: WorkloadApiProfile, failure: CallFailure): void {
    this.failed(profile, failure);
    const { endpoint, need } = this.#options;
    const text = `${endpoint}: ${describeFailure(RPC[profile], failure)}`;
    if (failure.code !== status.UNIMPLEMENTED) {
      if (!need || need.includes(profile)) this.#reject(new WorkloadApiError('request_refused', text, { cause: failure.cause }));
    } else if (need?.includes(profile) || (!this.#arrived && this.#waiting.size === 1 && this.#waiting.has(profile))) {
      this.#reject(new WorkloadApiError('not_supported', text, { cause: failure.cause }));
    } else {
      this.#settle(profile);
    }
  }

  #settle(profile: WorkloadApiProfile): void {
    this.#waiting.delete(profile);
    if (this.#waiting.size === 0) this.#resolve();
  }

  #timeout(): WorkloadApiError {
    const { endpoint, timeoutMs } = this.#options;
    const causes = [...this.#waiting].map((profile) => {
      const failure = this.#causes.get(profile);
      return failure ? describeFailure(RPC[profile], failure) : `${RPC[profile]}: no answer`;
    });
    const remedies = new Set([...this.#waiting].map((profile) => remedy(this.#causes.get(profile))));
    const cause = [...this.#waiting].map((profile) => this.#causes.get(profile)?.cause).find(Boolean);
    return new WorkloadApiError(
      'first_update_timeout',
      `no identity from the Workload API at ${endpoint} within ${timeoutMs} ms. Last cause: ${causes.join('; ')}${[...remedies].join('')}`,
      { cause },
    );
  }
}

function remedy(failure: CallFailure | undefined): string {
  switch (failure?.code) {
    case status.UNAVAILABLE:
      if (NOT_OURS.test(failure.details)) {
        return ` (may this process open its socket? ${thisProcess()} needs the right to write to it, and to enter each folder on the way)`;
      }
      return ' (is the agent running, and may this process open its socket?)';
    case status.PERMISSION_DENIED:
      return ' (is there a registration entry for this workload?)';
    default:
      return '';
  }
}
