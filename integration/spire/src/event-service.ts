import type { ServerWritableStream, ServiceDefinition } from '@grpc/grpc-js';

const EVERY_MS = 100;

const asItIs = (bytes: Buffer): Buffer => bytes;

/**
 * EventService.Listen as its caller and its guard see it: the Directory's own method under its own catalogue entry, with messages
 * that are left empty. The reference Directory has none: its server streams end when their results do, and one that lasts only
 * because its client does not read cannot be told a status.
 */
export const EventServiceDefinition = {
  listen: {
    path: '/agntcy.dir.events.v1.EventService/Listen',
    requestStream: false,
    responseStream: true,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  },
} as const satisfies ServiceDefinition;

/** Ten events a second, until the call ends. */
export const eventService = {
  listen: (call: ServerWritableStream<Buffer, Buffer>): void => {
    const timer = setInterval(() => call.write(Buffer.alloc(0)), EVERY_MS);
    call.once('close', () => clearInterval(timer));
  },
};
