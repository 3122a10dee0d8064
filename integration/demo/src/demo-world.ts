import { join } from 'node:path';
import type { Caller } from '@dirgate/guard';
import { type IdentitySource, matchId, type SpiffeIdMatcher } from '@dirgate/spiffe';
import {
  createIdentityAuthority,
  type IdentityAuthority,
  type ServedWorkload,
  type TrustDomainAuthority,
} from '@dirgate/testing';
import { connectWorkloadApi, type WorkloadApi } from '@dirgate/workload-api';
import { AuditReader } from './audit-reader.js';
import { DemoClient, type Present } from './demo-client.js';
import { type GuardedDirectory, startGuardedDirectory } from './guarded-directory.js';

export const HOME = 'directory.example';
export const PARTNER = 'partner.example';
export const STRANGER = 'stranger.example';
/** The server's SPIFFE ID, and the audience that tokens for it name. */
export const SERVER_ID = `spiffe://${HOME}/directory`;

/** Which of the two listeners a client calls. */
export type Listener = 'grpc-js' | 'nice-grpc';

/** Where the demo listens and what it reads. */
export interface DemoWorldOptions {
  readonly listen: string;
  readonly niceListen: string;
  readonly dataFolder: string;
  readonly bundle: string;
  readonly grants: string;
}

/** How a client of the demo calls. */
export interface ClientChoice {
  readonly id: string;
  readonly present?: Present;
  readonly listener?: Listener;
  readonly server?: SpiffeIdMatcher;
  /** Default: what the Workload API gives to `id`. */
  readonly identity?: IdentitySource;
}

/** A workload of the demo: its Workload API socket and what was read from it. */
interface DemoWorkload {
  readonly served: ServedWorkload;
  readonly api: WorkloadApi;
}

/** Three trust domains, their workloads, and the guarded Directory: all that the table of calls needs. */
export class DemoWorld implements AsyncDisposable {
  readonly authority: IdentityAuthority;
  readonly directory: GuardedDirectory;
  readonly auditReader: AuditReader;
  /** The callers that handlers saw, in order. */
  readonly handled: Caller[];
  /** The server's own identity. */
  readonly identity: WorkloadApi;
  readonly #workloads: Map<string, Promise<DemoWorkload>>;

  private constructor(parts: {
    authority: IdentityAuthority;
    directory: GuardedDirectory;
    auditReader: AuditReader;
    handled: Caller[];
    identity: WorkloadApi;
    workloads: Map<string, Promise<DemoWorkload>>;
  }) {
    this.authority = parts.authority;
    this.directory = parts.directory;
    this.auditReader = parts.auditReader;
    this.handled = parts.handled;
    this.identity = parts.identity;
    this.#workloads = parts.workloads;
  }

  /** Starts the authority, connects the server to its Workload API, opens the Directory and listens. */
  static async start({ listen, niceListen, dataFolder, bundle, grants }: DemoWorldOptions): Promise<DemoWorld> {
    const authority = await createIdentityAuthority({
      trustDomains: [
        { name: HOME, federatesWith: [PARTNER] },
        { name: PARTNER, federatesWith: [HOME], intermediates: 1 },
        { name: STRANGER, federatesWith: [HOME] }, // it knows us; we do not know it
      ],
    });
    const workloads = new Map<string, Promise<DemoWorkload>>();
    try {
      const { api: identity } = await openWorkload(authority, workloads, SERVER_ID);
      const handled: Caller[] = [];
      const audit = join(dataFolder, 'audit.jsonl');
      const auditReader = new AuditReader(audit);
      const directory = await startGuardedDirectory({
        identity,
        audience: SERVER_ID,
        listen,
        niceListen,
        database: join(dataFolder, 'directory.db'),
        audit,
        bundle,
        grants,
        onHandler: (caller) => handled.push(caller),
      });
      return new DemoWorld({ authority, directory, auditReader, handled, identity, workloads });
    } catch (error) {
      await closeWorkloads(authority, workloads);
      throw error;
    }
  }

  get home(): TrustDomainAuthority {
    return this.authority.trustDomain(HOME);
  }

  /** The workload's own view of its identity, over its own Workload API socket. */
  async workload(id: string): Promise<DemoWorkload> {
    return openWorkload(this.authority, this.#workloads, id);
  }

  /** A client of one of the listeners. It expects the Directory's identity unless told otherwise. */
  async client({
    id,
    present = 'x509',
    listener = 'grpc-js',
    server = matchId(SERVER_ID),
    identity,
  }: ClientChoice): Promise<DemoClient> {
    const source = identity ?? (await this.workload(id)).api;
    return new DemoClient({ address: this.address(listener), identity: source, server, present, audience: SERVER_ID });
  }

  address(listener: Listener): string {
    return listener === 'grpc-js' ? this.directory.address : this.directory.niceAddress;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.directory.close();
    await closeWorkloads(this.authority, this.#workloads);
  }
}

function openWorkload(
  authority: IdentityAuthority,
  workloads: Map<string, Promise<DemoWorkload>>,
  id: string,
): Promise<DemoWorkload> {
  let workload = workloads.get(id);
  if (workload === undefined) {
    workload = authority
      .serveWorkloadApi({ id })
      .then(async (served) => ({ served, api: await connectWorkloadApi({ address: served.address }) }));
    workloads.set(id, workload);
  }
  return workload;
}

async function closeWorkloads(
  authority: IdentityAuthority,
  workloads: ReadonlyMap<string, Promise<DemoWorkload>>,
): Promise<void> {
  for (const opened of await Promise.allSettled(workloads.values())) {
    if (opened.status === 'fulfilled') {
      await opened.value.api.close();
    }
  }
  await authority[Symbol.asyncDispose]();
}
