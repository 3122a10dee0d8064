import { clientConstructor, type GrpcJsClient, serviceDefinition } from '@dirgate/service-definition';
import { type ClientReadableStream, credentials, Metadata } from '@grpc/grpc-js';
import { SpiffeWorkloadAPI } from '../gen/spiffe/workload/workloadapi_pb.js';
import type { EndpointAddress } from './endpoint-address.js';

/** When a connection is asked whether somebody is still there, and how long an answer may take. */
export interface Keepalive {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/**
 * A peer that went without a word is noticed after 350 s. Not an option: grpc-go, as SPIRE's agent sets it up, ends a connection
 * with ENHANCE_YOUR_CALM at the third ping that came in less than five minutes after the one before.
 */
export const KEEPALIVE: Keepalive = { intervalMs: 330_000, timeoutMs: 20_000 };

/** A grpc-js client of the Workload API. */
export type WorkloadApiClient = GrpcJsClient<typeof SpiffeWorkloadAPI>;

const Client = clientConstructor(SpiffeWorkloadAPI);
const METHODS = serviceDefinition(SpiffeWorkloadAPI);
const PATHS = {
  FetchX509SVID: METHODS.fetchX509SVID.path,
  FetchX509Bundles: METHODS.fetchX509Bundles.path,
  FetchJWTBundles: METHODS.fetchJWTBundles.path,
};
/** None of the requests that open a stream has a field. */
const NO_FIELDS = Buffer.alloc(0);

/** The streams of the Workload API; each message on them is the full state (W-12). */
export type WorkloadApiStream = 'FetchX509SVID' | 'FetchX509Bundles' | 'FetchJWTBundles';

/**
 * Opens a client with a connection of its own, plaintext (W-2), which the caller closes. grpc-js would share connections
 * of one address within the process, and with them their waits after a failure (W-26).
 */
export function openWorkloadApiClient(
  address: EndpointAddress,
  maxResponseBytes: number,
  keepalive: Keepalive = KEEPALIVE,
): WorkloadApiClient {
  return new Client(address.target, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': maxResponseBytes,
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_retries': 0,
    'grpc.keepalive_time_ms': keepalive.intervalMs,
    'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
  });
}

/** What every call carries (Workload Endpoint §3, W-1). */
export function securityHeader(): Metadata {
  const metadata = new Metadata();
  metadata.set('workload.spiffe.io', 'true');
  return metadata;
}

/**
 * Opens a stream whose messages come as bytes. What is no message would end the stream inside of grpc-js; here it is discarded as
 * any other message that cannot be used.
 */
export function openWorkloadApiStream(client: WorkloadApiClient, name: WorkloadApiStream): ClientReadableStream<Buffer> {
  return client.makeServerStreamRequest(
    PATHS[name],
    () => NO_FIELDS,
    (bytes) => bytes,
    {},
    securityHeader(),
  );
}
