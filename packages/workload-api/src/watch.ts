import { thrownText } from '@dirgate/live';
import type { JwtBundle, X509Bundle } from '@dirgate/spiffe';
import { Backoff, type BackoffOptions, readBackoff } from './calls/backoff.js';
import { errorOf } from './calls/call-failure.js';
import { abortedCall, type CallSettings, readCallSettings, type WorkloadApiCallOptions } from './calls/call-options.js';
import { runStreamLoop } from './calls/stream-loop.js';
import { openWorkloadApiStream, type WorkloadApiStream } from './calls/workload-api-channel.js';
import { compileSelection } from './svid-selection.js';
import { type JwtSnapshot, readJwtUpdate } from './updates/jwt-update.js';
import { MessageReports } from './updates/message-reports.js';
import { readBundles } from './updates/read-bundles.js';
import { readX509BundlesUpdate } from './updates/x509-bundles-update.js';
import { readX509Update, type UpdateContext } from './updates/x509-update.js';
import type { WorkloadApiError } from './workload-api-error.js';
import { type X509Context, x509ContextOf } from './x509-context.js';

/** How a stream is watched. `timeoutMs` is how long each attempt waits for its first message. */
export interface WatchOptions extends WorkloadApiCallOptions {
  /** Waits between attempts. Default 1 s doubling to 30 s, with jitter. */
  readonly backoff?: BackoffOptions;
  /**
   * Told of each end of the stream, after which another attempt follows, and of each message that was discarded, in whole or in part. After `permission_denied` what
   * was yielded before must soon not be used any more (W-20).
   */
  readonly onError?: (error: WorkloadApiError) => void;
}

/**
 * Our X509-SVIDs as they change (`FetchX509SVID`): yields the full state of each valid message, checked as `fetchX509Svids` does; a
 * consumer who is slow gets the newest only. Bundles of a message that do not prove its SVIDs are yielded with the SVIDs from before,
 * or none: trust that was taken away is gone. Begins again after any end of the stream. Leaving the loop closes everything. To
 * have an identity kept and withdrawn for you use `connectWorkloadApi`.
 *
 * @throws WorkloadApiError `request_refused` and `not_supported` (never retried, W-7, W-9), `aborted`, `option_invalid`,
 * `address_missing`, `address_invalid`, `address_not_a_socket`
 */
export function watchX509Svids(options: WatchOptions = {}): AsyncGenerator<X509Context, never, void> {
  const select = compileSelection({});
  return watch('FetchX509SVID', options, (message, context) => readX509Update(message, { ...context, select }), x509ContextOf);
}

/** The X.509 bundles as they change (`FetchX509Bundles`), by trust domain name; otherwise as {@link watchX509Svids}. */
export function watchX509Bundles(options: WatchOptions = {}): AsyncGenerator<ReadonlyMap<string, X509Bundle>, never, void> {
  return watch('FetchX509Bundles', options, readX509BundlesUpdate, ({ bundles }) => readBundles(bundles));
}

/** The JWT bundles as they change (`FetchJWTBundles`), by trust domain name; otherwise as {@link watchX509Svids}. */
export function watchJwtBundles(options: WatchOptions = {}): AsyncGenerator<ReadonlyMap<string, JwtBundle>, never, void> {
  return watch(
    'FetchJWTBundles',
    options,
    (message, context: UpdateContext<JwtSnapshot>) => readJwtUpdate(message, { ...context, ownTrustDomains: () => [] }),
    ({ bundles }) => readBundles(bundles),
  );
}

/** What a message may leave behind besides itself. */
interface Kept {
  readonly bundles: unknown;
  readonly refused?: WorkloadApiError;
}

async function* watch<Snapshot extends Kept, State>(
  name: WorkloadApiStream,
  options: WatchOptions,
  read: (message: Uint8Array, context: UpdateContext<Snapshot>) => Promise<Snapshot>,
  present: (snapshot: Snapshot) => Promise<State>,
): AsyncGenerator<State, never, void> {
  const settings = await readCallSettings(options);
  const backoff = readBackoff(options.backoff);
  const lifetime = new AbortController();
  const end = (): void => lifetime.abort();
  settings.signal?.addEventListener('abort', end, { once: true });
  const newest = new Newest<Snapshot>();
  const loop = keepReading(name, { ...settings, signal: lifetime.signal }, { ...options, backoff }, read, newest);
  try {
    for (;;) {
      const snapshot = await newest.take();
      if (settings.signal?.aborted) throw abortedCall(settings.signal);
      yield await present(snapshot);
    }
  } finally {
    end();
    settings.signal?.removeEventListener('abort', end);
    await loop;
  }
}

async function keepReading<Snapshot extends Kept>(
  name: WorkloadApiStream,
  {
    openClient,
    timeoutMs,
    signal,
    maxBundles,
    maxFederatedBundleBytes,
    logger,
    clock,
  }: CallSettings & { readonly signal: AbortSignal },
  { backoff, onError }: WatchOptions & { readonly backoff: Required<BackoffOptions> },
  read: (message: Uint8Array, context: UpdateContext<Snapshot>) => Promise<Snapshot>,
  newest: Newest<Snapshot>,
): Promise<void> {
  const reports = new MessageReports((problem) => logger.warn(problem));
  // At once; it may turn out to be an async function.
  const tell = async (failure: WorkloadApiError): Promise<void> => {
    try {
      await (onError?.(failure) as unknown);
    } catch (error) {
      logger.error(`onError threw: ${thrownText(error)}`);
    }
  };
  let previous: Snapshot | undefined;
  const ended = await runStreamLoop<Uint8Array>({
    name,
    openClient,
    openStream: (client) => openWorkloadApiStream(client, name),
    apply: async (message) => {
      reports.begin();
      const limits = { maxBundles, maxFederatedBundleBytes };
      previous = await read(message, { previous, now: clock(), ...limits, report: reports.report });
      newest.put(previous);
      if (previous.refused) throw previous.refused;
    },
    onFailure: (failure) => void tell(errorOf(name, failure)),
    backoff: new Backoff(backoff),
    responseTimeoutMs: timeoutMs,
    logger,
    signal,
  });
  newest.fail(ended ? errorOf(name, ended) : abortedCall(signal));
}

/** Holds the newest value for one who takes. */
class Newest<Value> {
  #value: { readonly value: Value } | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  put(value: Value): void {
    this.#value = { value };
    this.#wake();
  }

  /** From now on, and once what is there was taken, taking fails. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake();
  }

  async take(): Promise<Value> {
    for (;;) {
      const held = this.#value;
      this.#value = undefined;
      if (held) return held.value;
      if (this.#failure) throw this.#failure.error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
