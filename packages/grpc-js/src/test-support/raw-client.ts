import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { X509Svid } from '@dirgate/spiffe';
import { secureContextOptions } from '@dirgate/tls';
import type { GuardedWorld } from './guarded-world.js';

/** The path of a unary method, as it is registered. */
export const UNARY_PATH = '/agntcy.dir.search.v1.SearchService/CountRecords';

/** A TLS connection to the guarded server without grpc-js: for what grpc-js would not send. */
export async function rawTls(world: GuardedWorld, svid?: X509Svid): Promise<TLSSocket> {
  const [host = '', port] = world.address.split(':');
  const socket = connectTls({
    ...secureContextOptions(svid),
    host,
    port: Number(port),
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  });
  await once(socket, 'secureConnect');
  return socket.on('error', () => undefined);
}

/** An HTTP/2 session over {@link rawTls}. */
export async function rawSession(world: GuardedWorld, svid?: X509Svid): Promise<ClientHttp2Session> {
  const socket = await rawTls(world, svid);
  return connect('https://localhost', { createConnection: () => socket }).on('error', () => undefined);
}

/** How the server ended a raw request. */
export interface RawEnd {
  readonly httpStatus: number | undefined;
  readonly grpcStatus: string | undefined;
  readonly rstCode: number;
  readonly afterMs: number;
}

/** Sends one request with these messages in one write, to its end; `endStream: false` leaves our side open. */
export function rawRequest(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  endStream = true,
  messages: readonly Uint8Array[] = [new Uint8Array()],
): Promise<RawEnd> {
  const started = Date.now();
  const stream = session.request(
    { ':method': 'POST', ':path': UNARY_PATH, te: 'trailers', 'content-type': 'application/grpc', ...headers },
    { endStream: false },
  );
  let seen: IncomingHttpHeaders = {};
  stream.on('response', (response) => {
    seen = { ...seen, ...response };
  });
  stream.on('trailers', (trailers) => {
    seen = { ...seen, ...trailers };
  });
  stream.on('error', () => undefined);
  stream.resume();
  const body = Buffer.concat(messages.flatMap((message) => [lengthPrefix(message), message]));
  if (endStream) stream.end(body);
  else stream.write(body);
  return new Promise((resolve) =>
    stream.once('close', () =>
      resolve({
        httpStatus: (seen as { ':status'?: number })[':status'],
        grpcStatus: seen['grpc-status']?.toString(),
        rstCode: stream.rstCode,
        afterMs: Date.now() - started,
      }),
    ),
  );
}

function lengthPrefix({ length }: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  return prefix;
}

/** Sends one request in frames of our own, so that a header may be repeated (RFC 9113 §4.1, RFC 7541 §6.2.2). */
export function sendRawFrames(socket: TLSSocket, headers: readonly (readonly [string, string])[]): void {
  const block = Buffer.concat(headers.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));
  socket.write(
    Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      frame(0x4, 0, 0, Buffer.alloc(0)),
      frame(0x1, 0x4, 1, block),
      frame(0x0, 0x1, 1, Buffer.alloc(5)),
    ]),
  );
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A string literal without Huffman coding. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const length: number[] = [];
  if (bytes.length < 127) {
    length.push(bytes.length);
  } else {
    length.push(127);
    let rest = bytes.length - 127;
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}
