import { directoryCatalogue, SearchService, StoreService } from '@dirgate/directory';
import { createGuard, type DecisionEvent, type Guard, type GuardOptions } from '@dirgate/guard';
import { type GrpcJsHandlers, serviceDefinition } from '@dirgate/service-definition';
import { type IdentitySource, matchId, type SpiffeIdMatcher } from '@dirgate/spiffe';
import { createIdentityAuthority, type IdentityAuthority } from '@dirgate/testing';
import { type ChannelOptions, credentials, Metadata, Server, type ServerInterceptor } from '@grpc/grpc-js';
import { createChannelCredentials, createJwtCallCredentials, createServerCredentials } from '../index.js';
import type { ServerCredentialsOptions } from '../server-credentials.js';
import { type HandlerLog, loggingHandlers, ShapesClient } from './four-shapes.js';
import { ScriptedPolicy } from './scripted-policy.js';

/** The identity of the test server. */
export const SERVER_ID = 'spiffe://home.example/directory';
/** The audience of the test server. */
export const AUDIENCE = 'spiffe://home.example/directory';

/** How a test client presents itself. */
export interface ClientOptions {
  /** Its SPIFFE ID; the authority issues what is needed. */
  readonly id?: string;
  readonly identity?: IdentitySource;
  readonly server?: SpiffeIdMatcher;
  /** Present the certificate (`x509`), a token (`jwt`), or both. */
  readonly present?: 'x509' | 'jwt' | 'both' | 'nothing';
  readonly audience?: string;
  readonly channel?: ChannelOptions;
}

/** A guarded server over real sockets, with an authority of three trust domains: home, partner (federated), stranger. */
export class GuardedWorld implements AsyncDisposable {
  readonly log: HandlerLog = { started: [], messages: [], ended: [], cancelled: [] };
  readonly events: DecisionEvent[] = [];
  readonly policy = new ScriptedPolicy();
  readonly #closers: (() => void)[] = [];

  private constructor(
    readonly authority: IdentityAuthority,
    readonly identity: ReturnType<IdentityAuthority['identityOf']>,
    readonly server: Server,
  ) {}

  guard!: Guard;
  address = '';
  /** The interceptors of the server's credentials, in order. */
  interceptors: ServerInterceptor[] = [];

  static async start(
    options: Partial<GuardOptions> & {
      onCall?: Parameters<typeof loggingHandlers>[1];
      server?: ServerCredentialsOptions;
      /** How long X509-SVIDs live: those of the home trust domain, which is the server's, and those of the partner. */
      homeTtlMs?: number;
      partnerTtlMs?: number;
      /** What the guard gets in place of the server's identity, which stays `world.identity`. */
      around?: (identity: IdentitySource) => IdentitySource;
      /** Handlers of a test's own, instead of or beside those that write down what they see. */
      search?: Partial<GrpcJsHandlers<typeof SearchService>>;
    } = {},
  ): Promise<GuardedWorld> {
    const { onCall, server, around, search: own, homeTtlMs = 3_600_000, partnerTtlMs = 3_600_000, ...guardOptions } = options;
    const authority = await createIdentityAuthority({
      trustDomains: [
        { name: 'home.example', federatesWith: ['partner.example'], x509SvidTtlMs: homeTtlMs },
        { name: 'partner.example', federatesWith: ['home.example'], x509SvidTtlMs: partnerTtlMs },
        { name: 'stranger.example', federatesWith: ['home.example'] },
      ],
    });
    const world = new GuardedWorld(authority, authority.identityOf(SERVER_ID), new Server());
    world.guard = createGuard({
      identity: around?.(world.identity) ?? world.identity,
      policy: world.policy,
      accept: 'either',
      audience: [AUDIENCE],
      catalogue: directoryCatalogue,
      onDecision: (event) => world.events.push(event),
      ...guardOptions,
    });
    const { store, search } = loggingHandlers(world.log, onCall);
    world.server.addService(serviceDefinition(StoreService), store);
    world.server.addService(serviceDefinition(SearchService), { ...search, ...own });
    const serverCredentials = createServerCredentials(world.guard, server);
    world.interceptors = serverCredentials._getInterceptors();
    const port = await new Promise<number>((resolve, reject) =>
      world.server.bindAsync('127.0.0.1:0', serverCredentials, (error, bound) => (error ? reject(error) : resolve(bound))),
    );
    world.address = `127.0.0.1:${port}`;
    return world;
  }

  client({
    id = 'spiffe://home.example/caller',
    identity,
    server = matchId(SERVER_ID),
    present = 'x509',
    audience = AUDIENCE,
    channel,
  }: ClientOptions = {}): ShapesClient {
    const source = identity ?? this.authority.identityOf(id);
    const mode = present === 'x509' || present === 'both' ? 'x509' : 'jwt';
    const channelCredentials = createChannelCredentials({ identity: source, server, mode });
    const client = new ShapesClient(
      this.address,
      present === 'jwt' || present === 'both'
        ? credentials.combineChannelCredentials(channelCredentials, createJwtCallCredentials({ identity: source, audience }))
        : channelCredentials,
      channel,
    );
    this.#closers.push(() => client.close());
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) close();
    this.server.forceShutdown();
    this.guard.close();
    await this.authority[Symbol.asyncDispose]();
  }
}

/** Metadata with one `authorization` value, as a client that forges one would send it. */
export function authorization(value: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', value);
  return metadata;
}
