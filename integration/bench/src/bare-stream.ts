import { SpiffeWorkloadAPI } from '@dirgate/workload-api';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { Arrivals } from './arrivals.js';

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** A bare gRPC client of one stream: takes messages off the socket and does not look into them. */
export interface BareStream extends AsyncDisposable {
  /** The message that came last, encoded. */
  last(): Uint8Array;
  /** Resolves when `count` more messages have come. */
  next(count: number): Promise<void>;
}

/** Opens it; resolves with the first message. The address is one as of `SPIFFE_ENDPOINT_SOCKET`. */
export async function openBareStream(address: string, method: 'FetchX509SVID' | 'FetchJWTBundles'): Promise<BareStream> {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  });
  const metadata = new Metadata();
  metadata.set('workload.spiffe.io', 'true');
  const stream = client.makeServerStreamRequest(
    `/${SpiffeWorkloadAPI.typeName}/${method}`,
    () => Buffer.alloc(0),
    (bytes) => bytes,
    {},
    metadata,
  );
  const arrivals = new Arrivals();
  let last: Uint8Array = Buffer.alloc(0);
  const first = arrivals.next(1);
  stream.on('data', (message: Uint8Array) => {
    last = message;
    arrivals.arrived();
  });
  stream.on('error', (error) => arrivals.fail(error));
  stream.on('end', () => arrivals.fail(new Error('the agent ended the stream')));
  const close = async (): Promise<void> => {
    stream.cancel();
    client.close();
  };
  try {
    await first;
  } catch (error) {
    await close();
    throw error;
  }
  return { last: () => last, next: (count) => arrivals.next(count), [Symbol.asyncDispose]: close };
}
