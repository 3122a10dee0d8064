import { directoryCatalogue, SearchService, StoreService } from '@dirgate/directory';
import { createChannelCredentials, createJwtCallCredentials, createServerCredentials } from '@dirgate/grpc-js';
import { type Caller, createGuard, type DecisionEvent, type Guard, type GuardOptions } from '@dirgate/guard';
import { type ServiceDefinitionOf, serviceDefinition } from '@dirgate/service-definition';
import { matchId } from '@dirgate/spiffe';
import { createIdentityAuthority, type IdentityAuthority, type InProcessIdentity } from '@dirgate/testing';
import { credentials, ServerCredentials } from '@grpc/grpc-js';
import { type CallContext, createServer, type Server, type ServerMiddleware, type ServiceImplementation } from 'nice-grpc';
import { type Shape, ShapesClient } from '../../../grpc-js/src/test-support/four-shapes.js';
import { ScriptedPolicy } from '../../../grpc-js/src/test-support/scripted-policy.js';
import { type CallerContext, callerMiddleware } from '../index.js';

/** The identity and the audience of the test server. */
export const SERVER_ID = 'spiffe://home.example/directory';

type Store = ServiceImplementation<ServiceDefinitionOf<typeof StoreService>, CallerContext>;
type Search = ServiceImplementation<ServiceDefinitionOf<typeof SearchService>, CallerContext>;

/** What {@link NiceWorld.start} may be told. */
export interface NiceWorldOptions extends Partial<GuardOptions> {
  readonly onCall?: (shape: Shape, context: CallContext & CallerContext) => void;
  /** Listen in plaintext, without a guard. */
  readonly unguarded?: boolean;
}

/** A guarded nice-grpc server over real sockets: home, partner (federated) and stranger. */
export class NiceWorld implements AsyncDisposable {
  readonly events: DecisionEvent[] = [];
  readonly policy = new ScriptedPolicy();
  /** Handlers and middleware that ran, messages they were given, ends they saw, cancellations. */
  readonly log = {
    started: [] as string[],
    middleware: 0,
    messages: [] as string[],
    ended: [] as string[],
    aborted: [] as string[],
  };
  readonly #closers: (() => void)[] = [];
  server!: Server<CallerContext>;
  guard!: Guard;
  address = '';

  private constructor(
    readonly authority: IdentityAuthority,
    readonly identity: InProcessIdentity,
  ) {}

  static async start({ onCall = () => undefined, unguarded = false, ...options }: NiceWorldOptions = {}): Promise<NiceWorld> {
    const authority = await createIdentityAuthority({
      trustDomains: [
        { name: 'home.example', federatesWith: ['partner.example'] },
        { name: 'partner.example', federatesWith: ['home.example'] },
        { name: 'stranger.example', federatesWith: ['home.example'] },
      ],
    });
    const world = new NiceWorld(authority, authority.identityOf(SERVER_ID));
    world.guard = createGuard({
      identity: world.identity,
      policy: world.policy,
      accept: 'either',
      audience: [SERVER_ID],
      catalogue: directoryCatalogue,
      onDecision: (event) => world.events.push(event),
      ...options,
    });
    world.server = createServer().use(world.#counting()).use(callerMiddleware());
    const { store, search } = world.#handlers(onCall);
    world.server.add(serviceDefinition(StoreService), complete(StoreService, store) as Store);
    world.server.add(serviceDefinition(SearchService), complete(SearchService, search) as Search);
    const port = await world.server.listen(
      '127.0.0.1:0',
      unguarded ? ServerCredentials.createInsecure() : createServerCredentials(world.guard),
    );
    world.address = `127.0.0.1:${port}`;
    return world;
  }

  client({
    id = 'spiffe://home.example/caller',
    present = 'x509',
  }: {
    id?: string;
    present?: 'x509' | 'jwt' | 'both' | 'nothing';
  } = {}) {
    const identity = this.authority.identityOf(id);
    const mode = present === 'x509' || present === 'both' ? 'x509' : 'jwt';
    const channel = createChannelCredentials({ identity, server: matchId(SERVER_ID), mode });
    const withToken = present === 'jwt' || present === 'both';
    return this.keep(
      new ShapesClient(
        this.address,
        withToken
          ? credentials.combineChannelCredentials(channel, createJwtCallCredentials({ identity, audience: SERVER_ID }))
          : channel,
      ),
    );
  }

  keep(client: ShapesClient): ShapesClient {
    this.#closers.push(() => client.close());
    return client;
  }

  #counting(): ServerMiddleware {
    const { log } = this;
    return async function* count(call, context) {
      log.middleware += 1;
      return yield* call.next(call.request, context);
    };
  }

  #handlers(onCall: NonNullable<NiceWorldOptions['onCall']>) {
    const { log } = this;
    const start = (shape: Shape, context: CallContext & CallerContext): void => {
      log.started.push(shape);
      context.signal.addEventListener('abort', () => log.aborted.push(shape));
      onCall(shape, context);
    };
    const store: Pick<Store, 'delete' | 'lookup'> = {
      async delete(requests, context) {
        start('client stream', context);
        for await (const { cid } of requests) log.messages.push(cid);
        log.ended.push('client stream');
        return {};
      },
      async *lookup(requests, context) {
        start('bidi', context);
        for await (const { cid } of requests) {
          log.messages.push(cid);
          yield { cid };
        }
        log.ended.push('bidi');
      },
    };
    const search: Pick<Search, 'countRecords' | 'searchCIDs'> = {
      async countRecords(_request, context) {
        start('unary', context);
        return { totalCount: 1 };
      },
      async *searchCIDs(_request, context) {
        start('server stream', context);
        yield { recordCid: 'one' };
        if (context.metadata.get('test-keep-open') !== undefined) {
          await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
        }
      },
    };
    return { store, search };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) close();
    this.server.forceShutdown();
    this.guard.close();
    await this.authority.close();
  }
}

/** A caller as tests compare it. */
export function shortCaller({ id, credential, federated, peer }: Caller): object {
  return { id: id.toString(), credential, federated, peer: peer?.id.toString() };
}

/** nice-grpc wants every method of a service to be there. */
function complete(service: typeof StoreService | typeof SearchService, some: object): unknown {
  const none = (): never => {
    throw new Error('this test has no such method');
  };
  return { ...Object.fromEntries(service.methods.map(({ localName }) => [localName, none])), ...some };
}
