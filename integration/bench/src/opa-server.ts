import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@dirgate/harness';
import type { Grants } from '@dirgate/policy';

const SOURCES = fileURLToPath(new URL('../../../policies/directory', import.meta.url));
const START_MS = 30_000;

/** `opa run --server` with the Rego of policies/ on loopback: the way to the same decisions over HTTP. */
export class OpaServer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #port: number;
  /** One connection that is kept: what a client in the same process would do. */
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.#port = port;
  }

  /** Starts the program `opa`; resolves when it answers. */
  static async start(opa: string, grants: Grants): Promise<OpaServer> {
    const folder = await mkdtemp(join(tmpdir(), 'dirgate-bench-opa-'));
    const data = join(folder, 'data.json');
    await writeFile(data, JSON.stringify({ directory: { grants } }));
    const port = await freePort();
    const options = ['--addr', `127.0.0.1:${port}`, '--log-level', 'error', '--disable-telemetry', '--ignore', '*_test.rego'];
    const child = spawn(opa, ['run', '--server', ...options, SOURCES, data], { stdio: ['ignore', 'inherit', 'inherit'] });
    const server = new OpaServer(child, folder, port);
    try {
      await server.#ready();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Whether OPA allows. Rejects when it gives no decision. */
  async decide(input: object): Promise<boolean> {
    const text = await this.#post('/v1/data/directory/authz/decision', JSON.stringify({ input }));
    const { result } = JSON.parse(text) as { readonly result?: { readonly allow?: unknown } };
    if (typeof result?.allow !== 'boolean') throw new Error(`opa gave no decision: ${text.slice(0, 200)}`);
    return result.allow;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGKILL');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    for (const until = performance.now() + START_MS; ; ) {
      try {
        await this.decide({});
        return;
      } catch (cause) {
        const ended = this.#child.exitCode !== null || this.#child.signalCode !== null;
        if (ended || performance.now() > until) throw new Error('opa run --server does not answer', { cause });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  #post(path: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const options = { host: '127.0.0.1', port: this.#port, path, method: 'POST', agent: this.#agent, headers };
      const call = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
        response.on('error', reject);
      });
      call.on('error', reject);
      call.end(body);
    });
  }
}
