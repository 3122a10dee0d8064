import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@dirgate/harness';
import { runCommand } from './run-command.js';
import { SpireAuthority } from './spire-authority.js';
import { type ServerConfig, serverConfig } from './spire-config.js';
import { SpireProcess } from './spire-process.js';

const START_MS = 60_000;
const PORTS_TO_TRY = 5;

/** A registration entry: which workload of which agent gets which identity. */
export interface EntryRequest {
  readonly id: string;
  readonly parent: string;
  readonly x509SvidTtlSeconds?: number;
  readonly jwtSvidTtlSeconds?: number;
  /** Other trust domains whose bundles the workload gets. */
  readonly federatesWith?: readonly string[];
  /** For a downstream SPIRE server. */
  readonly downstream?: boolean;
}

/** Where a server lives and what runs it. */
export interface SpireServerOptions {
  readonly name: string;
  readonly program: string;
  readonly folder: string;
  readonly config: ServerConfig;
  readonly signal: AbortSignal;
}

/** A running spire-server and its command line. */
export class SpireServer implements AsyncDisposable {
  readonly trustDomain: string;
  readonly port: number;
  readonly x509: SpireAuthority;
  readonly jwt: SpireAuthority;
  readonly #program: string;
  readonly #socket: string;
  readonly #process: SpireProcess;

  private constructor(program: string, trustDomain: string, port: number, socket: string, process: SpireProcess) {
    this.#program = program;
    this.trustDomain = trustDomain;
    this.port = port;
    this.#socket = socket;
    this.#process = process;
    this.x509 = new SpireAuthority('x509', (...args) => this.#run(...args));
    this.jwt = new SpireAuthority('jwt', (...args) => this.#run(...args));
  }

  /** Starts a server; resolves when it listens, on its socket and on its port. */
  static async start(options: SpireServerOptions): Promise<SpireServer> {
    for (let tries = 1; ; tries++) {
      const port = await freePort();
      try {
        return await SpireServer.#startOn(port, options);
      } catch (error) {
        const taken = error instanceof Error && error.message.includes('address already in use');
        if (!taken || tries === PORTS_TO_TRY) throw error;
      }
    }
  }

  static async #startOn(
    port: number,
    { name, program, folder: parent, config, signal }: SpireServerOptions,
  ): Promise<SpireServer> {
    const folder = join(parent, `${name}-${port}`);
    const socket = join(folder, 'api.sock');
    const configFile = join(folder, 'server.conf');
    await mkdir(folder);
    await writeFile(configFile, serverConfig(config, { folder, port, socket }));
    const logFile = join(parent, `${name}.log`);
    const process = new SpireProcess({ name, program, args: ['run', '-config', configFile], logFile, signal });
    try {
      await process.line(/Starting Server APIs.*network=tcp/, START_MS);
      await process.line(/Starting Server APIs.*network=unix/, START_MS);
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
    return new SpireServer(program, config.trustDomain, port, socket, process);
  }

  /** A join token for one agent, which is then known as `node`. */
  async createJoinToken(node: string): Promise<string> {
    const output = await this.#run('token', 'generate', '-spiffeID', node, '-output', 'json');
    return (JSON.parse(output) as { value: string }).value;
  }

  /** Makes an entry for every workload of our user on the agent `parent`; gives the entry's id. */
  async createEntry(request: EntryRequest): Promise<string> {
    const { id, parent, x509SvidTtlSeconds, jwtSvidTtlSeconds, federatesWith = [], downstream = false } = request;
    const output = await this.#run(
      ...['entry', 'create', '-output', 'json', '-spiffeID', id, '-parentID', parent],
      ...['-selector', `unix:uid:${ownUid()}`],
      ...(x509SvidTtlSeconds === undefined ? [] : ['-x509SVIDTTL', String(x509SvidTtlSeconds)]),
      ...(jwtSvidTtlSeconds === undefined ? [] : ['-jwtSVIDTTL', String(jwtSvidTtlSeconds)]),
      ...federatesWith.flatMap((trustDomain) => ['-federatesWith', `spiffe://${trustDomain}`]),
      ...(downstream ? ['-downstream'] : []),
    );
    const { results } = JSON.parse(output) as { results: readonly { entry?: { id: string }; status: { message: string } }[] };
    const [result] = results;
    if (result?.entry === undefined) throw new Error(`the entry for ${id} was not made: ${result?.status.message}`);
    return result.entry.id;
  }

  async deleteEntry(entryId: string): Promise<void> {
    await this.#run('entry', 'delete', '-entryID', entryId);
  }

  /** Its trust domain's bundle, as a SPIFFE bundle document. */
  bundle(): Promise<string> {
    return this.#run('bundle', 'show', '-format', 'spiffe');
  }

  /** Federates: from now on `document` is the bundle of another trust domain. */
  async setBundle(trustDomain: string, document: string, file: string): Promise<void> {
    await writeFile(file, document);
    await this.#run('bundle', 'set', '-format', 'spiffe', '-id', `spiffe://${trustDomain}`, '-path', file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  #run(...args: string[]): Promise<string> {
    const words = args.findIndex((arg) => arg.startsWith('-'));
    const at = words < 0 ? args.length : words;
    return runCommand(this.#program, [...args.slice(0, at), '-socketPath', this.#socket, ...args.slice(at)]);
  }
}

function ownUid(): number {
  const uid = process.getuid?.();
  if (uid === undefined) throw new Error('the suites need a system with user ids: SPIRE tells workloads apart by them.');
  return uid;
}
