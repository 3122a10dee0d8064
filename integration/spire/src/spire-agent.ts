import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './run-command.js';
import { agentConfig } from './spire-config.js';
import { SpireProcess } from './spire-process.js';
import type { SpireServer } from './spire-server.js';

const START_MS = 60_000;

/** Where an agent lives and what runs it. */
export interface SpireAgentOptions {
  readonly name: string;
  readonly program: string;
  readonly folder: string;
  readonly server: SpireServer;
  readonly signal: AbortSignal;
}

/** A spire-agent, its Workload API socket and its command line. */
export class SpireAgent implements AsyncDisposable {
  /** Its SPIFFE ID as the parent of entries. */
  readonly node: string;
  /** Its own files, for what a suite wants to keep beside them. */
  readonly folder: string;
  readonly socket: string;
  readonly #options: SpireAgentOptions;
  readonly #configFile: string;
  #process: SpireProcess | undefined;

  private constructor(options: SpireAgentOptions) {
    this.#options = options;
    this.node = `spiffe://${options.server.trustDomain}/node/${options.name}`;
    this.folder = join(options.folder, `agent-${options.name}`);
    this.socket = join(this.folder, 'api.sock');
    this.#configFile = join(this.folder, 'agent.conf');
  }

  /** Starts an agent; resolves when its Workload API listens. */
  static async start(options: SpireAgentOptions): Promise<SpireAgent> {
    const agent = new SpireAgent(options);
    const { server } = options;
    const { folder, socket, node } = agent;
    const joinToken = await server.createJoinToken(node);
    await mkdir(folder);
    const { trustDomain, port: serverPort } = server;
    await writeFile(agent.#configFile, agentConfig({ folder, trustDomain, serverPort, socket, joinToken }));
    await agent.start();
    return agent;
  }

  /** The address of its Workload API. */
  get address(): string {
    return `unix://${this.socket}`;
  }

  /** Starts it again after {@link kill}, with the keys that it had. */
  async start(): Promise<void> {
    const { name, program, folder, signal } = this.#options;
    const logFile = join(folder, `agent-${name}.log`);
    this.#process = new SpireProcess({
      name: `agent ${name}`,
      program,
      args: ['run', '-config', this.#configFile],
      logFile,
      signal,
    });
    try {
      await this.#process.line(/Starting Workload and SDS APIs/, START_MS);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async socketInode(): Promise<number> {
    return (await stat(this.socket)).ino;
  }

  /** `spire-agent api …`, as a workload of our user. */
  api(command: string, ...args: string[]): Promise<string> {
    const [verb = '', ...noun] = command.split(' ');
    return runCommand(this.#options.program, ['api', verb, ...noun, '-socketPath', this.socket, ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
  }
}
