import { once } from 'node:events';
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { CountRecordsRequestSchema, CountRecordsResponseSchema, RecordMetaSchema, RecordRefSchema } from '@dirgate/directory';
import type { PemIdentity } from './benchmark-identities.js';
import { BidiStream } from './bidi-stream.js';
import { grpcFrame } from './grpc-frame.js';
import { runUnaryCalls } from './unary-calls.js';

/** What is asked of a server. */
export type Shape = 'unary' | 'bidi';

/** How a client reaches a server, and as whom. */
export interface LoadSettings {
  readonly port: number;
  readonly shape: Shape;
  readonly roots: string;
  /** Presented in the handshake; a client without it sends `token`. */
  readonly certificate?: PemIdentity;
  /** Sent with each call as bearer token. */
  readonly token?: string;
}

/** A client with one connection that is kept, and for bidi with streams that are kept. */
export interface Load {
  /** Makes `count` calls, or sends `count` messages; resolves when all are answered. Rejects unless each is answered as expected. */
  run(count: number): Promise<void>;
  close(): void;
}

/** Calls that wait for their answer at one time; messages too, over all streams. Enough to keep the server busy. */
const IN_FLIGHT = 32;
const BIDI_STREAMS = 8;
const CID = 'baeareihdr6t7s6sr2q4zo456sza66eewqc7huzatyfgvoupaqyjw23ilvi';

/** Block sizes that share out evenly among the streams. */
export const COUNT_STEP = BIDI_STREAMS;

/**
 * Connects. Written on `node:http2` with frames made beforehand: a gRPC client would be the limit before the server is
 * (node-facts N-66).
 */
export async function openLoad({ port, shape, roots, certificate, token }: LoadSettings): Promise<Load> {
  const session = connect(`https://127.0.0.1:${port}`, {
    ca: roots,
    checkServerIdentity: () => undefined, // an SVID names no host
    minVersion: 'TLSv1.3',
    ...certificate,
  });
  await once(session, 'connect');
  session.on('error', () => undefined); // the streams of the session say it too
  const headers = (path: string): OutgoingHttpHeaders => ({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  });
  return shape === 'unary'
    ? openUnary(session, headers('/agntcy.dir.search.v1.SearchService/CountRecords'))
    : openBidi(session, headers('/agntcy.dir.store.v1.StoreService/Lookup'));
}

function openUnary(session: ClientHttp2Session, headers: OutgoingHttpHeaders): Load {
  const request = frameOf(CountRecordsRequestSchema, {});
  const answerBytes = frameOf(CountRecordsResponseSchema, { totalCount: 1 }).length;
  return {
    run: (count) => runUnaryCalls({ session, headers, request, answerBytes, inFlight: IN_FLIGHT }, count),
    close: () => session.destroy(),
  };
}

function openBidi(session: ClientHttp2Session, headers: OutgoingHttpHeaders): Load {
  const request = frameOf(RecordRefSchema, { cid: CID });
  const answerBytes = frameOf(RecordMetaSchema, { cid: CID }).length;
  const streams = Array.from(
    { length: BIDI_STREAMS },
    () => new BidiStream(session.request(headers), { request, answerBytes, inFlight: IN_FLIGHT / BIDI_STREAMS }),
  );
  return {
    run: async (count) => {
      if (count % BIDI_STREAMS !== 0) throw new RangeError(`${count} messages do not share out among ${BIDI_STREAMS} streams`);
      await Promise.all(streams.map((stream) => stream.exchange(count / BIDI_STREAMS)));
    },
    close: () => session.destroy(),
  };
}

function frameOf<D extends DescMessage>(schema: D, message: MessageInitShape<D>): Buffer {
  return grpcFrame(toBinary(schema, create(schema, message)));
}
