import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { unixPath } from './unix-address.js';

/** How a link treats the connections that come. */
export type LinkFault =
  /** Everything passes. */
  | { readonly kind: 'none' }
  /** Connections are accepted and not a byte is said. */
  | { readonly kind: 'hang' }
  /** Whatever is asked, the answer is text that is no HTTP/2. */
  | { readonly kind: 'garbage' }
  /** So many bytes of the answers pass; then nothing more, or a clean end, or a reset (TCP only). */
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly end: 'hang' | 'close' | 'reset' };

/** A socket that leads to a served workload's socket, through faults. */
export interface FaultyLink extends AsyncDisposable {
  /** As for `SPIFFE_ENDPOINT_SOCKET`. */
  readonly address: string;
  /** Connections that came, since the start. */
  readonly connections: number;
  /** Bytes of answers that passed on the latest connection. */
  readonly answeredBytes: number;
  /** From now on new connections are treated so. Those that are open end. */
  inject(fault: LinkFault): void;
  /** Ends all open connections: by a reset where the link is TCP. */
  dropConnections(): void;
  close(): Promise<void>;
}

const TCP = 'tcp://';

/**
 * Opens a socket at `at` (`unix:///absolute/path` or `tcp://127.0.0.1:0`) that leads to `to`, the address of a served workload. What
 * a message holds is `ServedWorkload.inject`'s matter; this is about connections and bytes.
 */
export async function openFaultyLink({ at, to }: { readonly at: string; readonly to: string }): Promise<FaultyLink> {
  const link = new Link(to);
  await link.listen(at);
  return link;
}

class Link implements FaultyLink {
  address = '';
  connections = 0;
  answeredBytes = 0;
  readonly #to: string;
  readonly #server: Server;
  /** Open sockets, and how each ends. */
  readonly #open = new Map<Socket, () => void>();
  #fault: LinkFault = { kind: 'none' };

  constructor(to: string) {
    this.#to = to;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async listen(at: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(targetOf(at), resolve);
    });
    const bound = this.#server.address();
    this.address = bound !== null && typeof bound === 'object' ? `${TCP}${bound.address}:${bound.port}` : at;
  }

  inject(fault: LinkFault): void {
    this.#fault = fault;
    this.dropConnections();
  }

  dropConnections(): void {
    for (const end of this.#open.values()) end();
  }

  async close(): Promise<void> {
    this.dropConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const path = unixPath(this.address);
    if (path !== undefined) await rm(path, { force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(client: Socket): void {
    const fault = this.#fault;
    this.connections += 1;
    this.answeredBytes = 0;
    this.#keep(client, () => (this.address.startsWith(TCP) ? client.resetAndDestroy() : client.destroy()));
    if (fault.kind === 'hang') client.resume();
    else if (fault.kind === 'garbage') client.once('data', () => client.end('HTTP/1.1 400 Bad Request\r\n\r\nnot for you'));
    else this.#forward(client, fault);
  }

  #forward(client: Socket, fault: Extract<LinkFault, { kind: 'none' | 'cut' }>): void {
    const upstream = connect(targetOf(this.#to));
    this.#keep(upstream, () => upstream.destroy());
    const most = fault.kind === 'cut' ? fault.afterBytes : Number.POSITIVE_INFINITY;
    client.pipe(upstream);
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => {
      if (this.answeredBytes < most) client.destroy();
    });
    upstream.on('data', (bytes) => {
      const passing = bytes.subarray(0, Math.max(0, most - this.answeredBytes));
      this.answeredBytes += passing.length;
      client.write(passing);
      if (this.answeredBytes < most || fault.kind === 'none') return;
      upstream.destroy();
      if (fault.end === 'close') client.end();
      if (fault.end === 'reset') client.resetAndDestroy();
    });
  }

  #keep(socket: Socket, end: () => void): void {
    this.#open.set(socket, end);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#open.delete(socket));
  }
}

function targetOf(address: string): { readonly path: string } | { readonly host: string; readonly port: number } {
  const path = unixPath(address);
  if (path !== undefined) return { path };
  const colon = address.lastIndexOf(':');
  if (!address.startsWith(TCP) || colon < TCP.length) throw new RangeError(`no unix:// or tcp:// address: ${address}`);
  return { host: address.slice(TCP.length, colon), port: Number(address.slice(colon + 1)) };
}
