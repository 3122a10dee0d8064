import type { AddressInfo } from 'node:net';
import { connect as connectTcp, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { matchId, parseX509Svid, type X509Source } from '@dirgate/spiffe';
import { createIdentityAuthority, type IdentityAuthority, type InProcessIdentity } from '@dirgate/testing';
import { type ConnectTlsOptions, connectTls } from '../connect-tls.js';
import { secureContextOptions } from '../secure-context.js';

/** The ID of the server. */
export const SERVER_ID = 'spiffe://home.example/server';

/** TLS servers and clients over real sockets, of a home trust domain with two intermediates and a partner. */
export class TlsWorld implements AsyncDisposable {
  readonly #open: { destroy(): void }[] = [];
  readonly #servers: Server[] = [];
  /** What the client presents and trusts. */
  readonly client: InProcessIdentity;

  private constructor(readonly authority: IdentityAuthority) {
    this.client = authority.identityOf('spiffe://partner.example/client');
  }

  static async start(): Promise<TlsWorld> {
    const authority = await createIdentityAuthority({
      trustDomains: [
        { name: 'home.example', intermediates: 2 },
        { name: 'partner.example', federatesWith: ['home.example'] },
      ],
    });
    return new TlsWorld(authority);
  }

  /** A plain Node TLS server that presents an SVID of `id`, or what `options` say instead. Answers its port. */
  serve(options: TlsOptions & { readonly id?: string; readonly onSocket?: (socket: TLSSocket) => void } = {}): Promise<number> {
    const { id = SERVER_ID, onSocket, ...more } = options;
    const svid = parseX509Svid(this.authority.trustDomain('home.example').issueX509Svid(id));
    const server = createTlsServer(
      { ...secureContextOptions(svid), ALPNProtocols: ['h2'], requestCert: true, rejectUnauthorized: false, ...more },
      (socket) => {
        this.#keep(socket);
        onSocket?.(socket);
      },
    );
    return this.listen(server.on('tlsClientError', () => undefined));
  }

  /** A TCP server that does what it is told with each connection. */
  serveTcp(onSocket: (socket: Socket) => void): Promise<number> {
    return this.listen(createTcpServer((socket) => onSocket(this.#keep(socket))));
  }

  /** Connects as a client does; the good way unless told otherwise. */
  async connect(port: number, options: Partial<ConnectTlsOptions> = {}): Promise<TLSSocket> {
    const socket = this.#keep(connectTcp({ port, host: '127.0.0.1' }));
    const identity: X509Source = this.client;
    return this.#keep(
      await connectTls({ socket, identity, server: matchId(SERVER_ID), presentSvid: true, protocol: 'h2', ...options }),
    );
  }

  listen(server: Server): Promise<number> {
    this.#servers.push(server);
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
  }

  #keep<S extends Socket>(socket: S): S {
    this.#open.push(socket.on('error', () => undefined));
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    for (const server of this.#servers) server.close();
    await this.authority.close();
  }
}
