import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import {
  JWTBundlesResponseSchema,
  JWTSVIDResponseSchema,
  ValidateJWTSVIDResponseSchema,
  X509BundlesResponseSchema,
  X509SVIDResponseSchema,
} from '@dirgate/workload-api';
import type { Workload } from './workload.js';
import type { WorkloadApiBackend } from './workload-api-backend.js';
import { startWorkloadApiServer, type WorkloadApiMethod, type WorkloadApiServer } from './workload-api-server.js';
import { workloadBackend } from './workload-backend.js';

/** setTimeout takes no more than this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * What to do to the answers before they leave, by kind. A fault gets the correct message and returns the one to send,
 * or `undefined` to leave the call hanging, or throws a `WorkloadApiRefusal` to answer with a status.
 */
export interface WorkloadApiFaults {
  readonly x509Svids?: Fault<typeof X509SVIDResponseSchema>;
  readonly x509Bundles?: Fault<typeof X509BundlesResponseSchema>;
  readonly jwtBundles?: Fault<typeof JWTBundlesResponseSchema>;
  readonly jwtSvids?: Fault<typeof JWTSVIDResponseSchema>;
  readonly validateJwtSvid?: Fault<typeof ValidateJWTSVIDResponseSchema>;
}

type Fault<Schema extends DescMessage> = (answer: MessageShape<Schema>) => MessageInitShape<Schema> | undefined;

/** A workload with its Workload API socket. */
export interface ServedWorkload extends AsyncDisposable {
  /** As for `SPIFFE_ENDPOINT_SOCKET`: `unix:///…`. */
  readonly address: string;
  /** New keys and SVIDs for all IDs of the workload, pushed. */
  rotate(): Promise<void>;
  /** Takes the identity away: open streams and new calls get PERMISSION_DENIED. */
  withdraw(): Promise<void>;
  /** Gives it back, with new SVIDs. */
  restore(): Promise<void>;
  /** From now on answers pass through `faults`; the present state is pushed through them at once. `{}` ends all faults. */
  inject(faults: WorkloadApiFaults): void;
  /** Ends all open streams with status OK. */
  endStreams(): void;
  /** Calls that arrived with the security header, since the start. */
  callCount(method: WorkloadApiMethod): number;
  /** Ends the streams, closes the socket and removes it. The workload is not renewed any more. */
  close(): Promise<void>;
}

/** How {@link serveWorkload} serves. */
export interface ServedWorkloadOptions {
  readonly address: string;
  readonly clock: () => number;
  readonly renew: boolean;
  /** Called when it is closed, each time. */
  readonly onClose: (served: ServedWorkload) => void;
}

/** Starts the server of one workload; its X509-SVIDs are renewed at half of their life when `renew`. */
export async function serveWorkload(
  workload: Workload,
  { address, clock, renew, onClose }: ServedWorkloadOptions,
): Promise<ServedWorkload> {
  let faults: WorkloadApiFaults = {};
  const server = await startWorkloadApiServer(
    address,
    withFaults(workloadBackend(workload, clock), () => faults),
  );
  const timer = renew ? renewal(workload) : undefined;
  return servedWorkload(workload, server, {
    inject: (injected) => {
      faults = injected;
      server.push();
    },
    stop: () => clearInterval(timer),
    onClose,
  });
}

function servedWorkload(
  workload: Workload,
  server: WorkloadApiServer,
  {
    inject,
    stop,
    onClose,
  }: { readonly inject: (faults: WorkloadApiFaults) => void; readonly stop: () => void } & Pick<ServedWorkloadOptions, 'onClose'>,
): ServedWorkload {
  const close = (): Promise<void> => {
    stop();
    onClose(served);
    return server.close();
  };
  const served: ServedWorkload = {
    address: server.address,
    rotate: async () => workload.rotate(),
    withdraw: async () => workload.setWithdrawn(true),
    restore: async () => workload.setWithdrawn(false),
    inject,
    endStreams: () => server.endStreams(),
    callCount: (method) => server.callCount(method),
    close,
    [Symbol.asyncDispose]: close,
  };
  return served;
}

function renewal(workload: Workload): NodeJS.Timeout {
  const timer = setInterval(() => workload.rotate(), Math.min(workload.own.x509SvidTtlMs / 2, MAX_TIMER_MS));
  timer.unref();
  return timer;
}

function withFaults(backend: WorkloadApiBackend, faults: () => WorkloadApiFaults): WorkloadApiBackend {
  return {
    onChange: (listener) => backend.onChange(listener),
    x509Svids: () => pass(X509SVIDResponseSchema, backend.x509Svids(), faults().x509Svids),
    x509Bundles: () => pass(X509BundlesResponseSchema, backend.x509Bundles(), faults().x509Bundles),
    jwtBundles: () => pass(JWTBundlesResponseSchema, backend.jwtBundles(), faults().jwtBundles),
    jwtSvids: async (request) => pass(JWTSVIDResponseSchema, await backend.jwtSvids(request), faults().jwtSvids),
    validateJwtSvid: (request) => pass(ValidateJWTSVIDResponseSchema, backend.validateJwtSvid(request), faults().validateJwtSvid),
  };
}

function pass<Schema extends DescMessage>(
  schema: Schema,
  answer: MessageInitShape<Schema> | undefined,
  fault: Fault<Schema> | undefined,
): MessageInitShape<Schema> | undefined {
  return answer && fault ? fault(create(schema, answer)) : answer;
}
