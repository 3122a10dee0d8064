import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CleanUp } from '@dirgate/harness';
import { connectWorkloadApi, type WorkloadApi } from '@dirgate/workload-api';
import { SpireAgent } from './spire-agent.js';
import type { ServerConfig } from './spire-config.js';
import { SpireServer } from './spire-server.js';
import type { SpireTools } from './spire-tools.js';

/** What an agent and its one workload are. */
export interface WorkloadRequest {
  readonly server: SpireServer;
  /** The workload's SPIFFE ID. */
  readonly id: string;
  readonly x509SvidTtlSeconds?: number;
  readonly jwtSvidTtlSeconds?: number;
  readonly federatesWith?: readonly string[];
}

/**
 * A workload: an agent of its own, the entry, and what our client reads from that agent. All workloads of a suite are one process, and the `unix`
 * attestor sees processes, so it takes an agent for each to give them different identities; that needs no other user, and so no root.
 */
export interface Workload {
  readonly id: string;
  readonly agent: SpireAgent;
  readonly entryId: string;
  readonly identity: WorkloadApi;
}

/** Servers and agents in one temporary folder. At the end everything is stopped, and the folder is removed unless the suite failed. */
export class SpireWorld implements AsyncDisposable {
  readonly folder: string;
  /** Keeps the folder, for its logs. */
  keep = false;
  readonly #tools: SpireTools;
  readonly #signal: AbortSignal;
  readonly #cleanUp = new CleanUp();
  #names = 0;

  private constructor(folder: string, tools: SpireTools, signal: AbortSignal) {
    this.folder = folder;
    this.#tools = tools;
    this.#signal = signal;
  }

  static async create(tools: SpireTools, signal: AbortSignal): Promise<SpireWorld> {
    return new SpireWorld(await mkdtemp(join(tmpdir(), 'dirgate-spire-')), tools, signal);
  }

  async startServer(config: ServerConfig): Promise<SpireServer> {
    const name = `server-${++this.#names}`;
    const { folder } = this;
    return this.#cleanUp.use(
      await SpireServer.start({ name, program: this.#tools.server, folder, config, signal: this.#signal }),
    );
  }

  async startAgent(server: SpireServer): Promise<SpireAgent> {
    const name = String(++this.#names);
    const { folder } = this;
    return this.#cleanUp.use(await SpireAgent.start({ name, program: this.#tools.agent, folder, server, signal: this.#signal }));
  }

  /** Starts an agent, registers the workload, and connects to its Workload API: resolves with its first SVID there. */
  async startWorkload({ server, ...request }: WorkloadRequest): Promise<Workload> {
    const agent = await this.startAgent(server);
    const entryId = await server.createEntry({ ...request, parent: agent.node });
    const identity = this.#cleanUp.use(await connectWorkloadApi({ address: agent.address, signal: this.#signal }));
    return { id: request.id, agent, entryId, identity };
  }

  /** Undone at the end, before what was there already. */
  use<T extends AsyncDisposable>(resource: T): T {
    return this.#cleanUp.use(resource);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanUp[Symbol.asyncDispose]();
    if (!this.keep) await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
