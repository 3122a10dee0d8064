import { clientConstructor, type GrpcJsClient } from '@dirgate/service-definition';
import { credentials, Metadata } from '@grpc/grpc-js';
import type { EndpointAddress } from './endpoint-address.js';
import { SpiffeWorkloadAPI } from './gen/spiffe/workload/workloadapi_pb.js';

/** grpc-go ends connections that ping more often than every five minutes. */
const KEEPALIVE_INTERVAL_MS = 330_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;

/** A grpc-js client of the Workload API. */
export type WorkloadApiClient = GrpcJsClient<typeof SpiffeWorkloadAPI>;

const Client = clientConstructor(SpiffeWorkloadAPI);

/**
 * Opens a client with a connection of its own, plaintext (W-2), which the caller closes. grpc-js would share connections
 * of one address within the process, and with them their waits after a failure (W-26).
 */
export function openWorkloadApiClient(address: EndpointAddress, maxResponseBytes: number): WorkloadApiClient {
  return new Client(address.target, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': maxResponseBytes,
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_retries': 0,
    'grpc.keepalive_time_ms': KEEPALIVE_INTERVAL_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  });
}

/** What every call carries (Workload Endpoint §3, W-1). */
export function securityHeader(): Metadata {
  const metadata = new Metadata();
  metadata.set('workload.spiffe.io', 'true');
  return metadata;
}
