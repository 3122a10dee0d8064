import { hash } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What a server of a test was asked. */
export interface SeenRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

/** An HTTP server that serves one bundle with an ETag, as a server for OPA does. */
export class BundleWebServer {
  readonly requests: SeenRequest[] = [];
  /** What it serves. */
  bundle: Uint8Array = new Uint8Array();
  /** Answers in place of it, if set. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  readonly #server: ReturnType<typeof createHttpServer>;
  readonly #scheme: 'http' | 'https';

  constructor(tls?: { readonly key: string; readonly cert: string }) {
    const listener: RequestListener = (request, response) => {
      this.requests.push({ method: request.method, url: request.url, headers: request.headers });
      if (this.answer === undefined) this.serve(request, response);
      else this.answer(request, response);
    };
    this.#scheme = tls === undefined ? 'http' : 'https';
    this.#server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  }

  /** The ETag of what it serves. */
  get etag(): string {
    return `"${hash('sha256', this.bundle).slice(0, 16)}"`;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers['if-none-match'] === this.etag) response.writeHead(304, { etag: this.etag }).end();
    else response.writeHead(200, { etag: this.etag, 'content-type': 'application/gzip' }).end(this.bundle);
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this.url();
  }

  url(path = '/bundles/directory.tar.gz'): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#scheme}://127.0.0.1:${port}${path}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
