import { createGuard, type DecisionEvent, type Guard, type GuardOptions } from '@dirgate/guard';
import { clientConstructor, type GrpcJsHandlers, serviceDefinition } from '@dirgate/service-definition';
import { matchId } from '@dirgate/spiffe';
import { createIdentityAuthority, type IdentityAuthority } from '@dirgate/testing';
import { type Metadata, Server, type ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { createChannelCredentials, createServerCredentials } from '../index.js';
import type { Shape } from './four-shapes.js';
import { type Refs, RefsService, refsCatalogue, refsOf } from './refs-service.js';
import { ScriptedPolicy } from './scripted-policy.js';

const SERVER_ID = 'spiffe://home.example/refs';
const Client = clientConstructor(RefsService);

type Handlers = GrpcJsHandlers<typeof RefsService>;
type ClientCall = NodeJS.EventEmitter & { cancel(): void };

/** When handlers answer: at once, when the test opens the gate, or without ever ending the call. */
export const PACES = ['fast', 'slow', 'endless'] as const;

/** One of {@link PACES}. */
export type Pace = (typeof PACES)[number];

/** Serves `RefsService` by the handlers of a framework. Answers the address and how to stop. */
export type ServeRefs = (
  world: RefsWorld,
  credentials: ServerCredentials,
) => Promise<readonly [address: string, stop: () => void]>;

/** A call of a test's client. */
export interface RefsCall {
  /** The `cids` of each answer so far. */
  readonly answers: readonly (readonly string[])[];
  readonly metadata: () => Metadata | undefined;
  readonly ended: Promise<{ readonly code: status; readonly details: string; readonly trailers: Metadata | undefined }>;
  cancel(): void;
}

/** A guarded `RefsService` over real sockets under a policy of every phase. */
export class RefsWorld implements AsyncDisposable {
  readonly events: DecisionEvent[] = [];
  readonly policy = new ScriptedPolicy();
  readonly log = {
    started: [] as Shape[],
    messages: [] as (readonly string[])[],
    ended: [] as Shape[],
    cancelled: [] as Shape[],
  };
  pace: Pace = 'fast';
  guard!: Guard;
  #open = (): void => undefined;
  #gate = Promise.resolve();
  #stop = (): void => undefined;
  #client!: InstanceType<typeof Client>;

  private constructor(readonly authority: IdentityAuthority) {
    this.policy.phases = ['call', 'request', 'response'];
  }

  static async start(serve: ServeRefs = serveGrpcJs(), options: Partial<GuardOptions> = {}): Promise<RefsWorld> {
    const authority = await createIdentityAuthority({
      trustDomains: [
        { name: 'home.example', federatesWith: ['partner.example'] },
        { name: 'partner.example', federatesWith: ['home.example'] },
      ],
    });
    const world = new RefsWorld(authority);
    world.guard = createGuard({
      identity: authority.identityOf(SERVER_ID),
      policy: world.policy,
      accept: 'x509',
      catalogue: refsCatalogue,
      onDecision: (event) => world.events.push(event),
      ...options,
    });
    const [address, stop] = await serve(world, createServerCredentials(world.guard));
    const identity = authority.identityOf('spiffe://partner.example/caller');
    world.#client = new Client(address, createChannelCredentials({ identity, server: matchId(SERVER_ID) }));
    world.#stop = stop;
    return world;
  }

  /** Slow handlers wait from now on, until the gate is opened. */
  closeGate(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  openGate(): void {
    this.#open();
  }

  /** What a handler waits for before it answers. */
  async turn(): Promise<void> {
    if (this.pace === 'slow') await this.#gate;
  }

  /** Starts a call with these messages, and half-closes it. */
  call(shape: Shape, requests: readonly (readonly string[])[]): RefsCall {
    const answers: (readonly string[])[] = [];
    const sent = requests.map((cids) => ({ cids: [...cids] }));
    let metadata: Metadata | undefined;
    let trailers: Metadata | undefined;
    let end: (how: { code: status; details: string; trailers: Metadata | undefined }) => void;
    const ended: RefsCall['ended'] = new Promise((resolve) => {
      end = resolve;
    });
    const isStream = shape === 'server stream' || shape === 'bidi';
    const answered = (error: ServiceError | null, answer?: Refs): void => {
      if (answer !== undefined) answers.push(answer.cids);
      if (answer === undefined || !isStream)
        setImmediate(() => end({ code: error?.code ?? status.OK, details: error?.details ?? '', trailers }));
    };
    const call = this.#begin(shape, sent, answered);
    call.on('metadata', (received: Metadata) => {
      metadata = received;
    });
    call.on('status', (received: { metadata: Metadata }) => {
      trailers = received.metadata;
    });
    return { answers, metadata: () => metadata, ended, cancel: () => call.cancel() };
  }

  #begin(
    shape: Shape,
    sent: readonly { cids: string[] }[],
    answered: (error: ServiceError | null, answer?: Refs) => void,
  ): ClientCall {
    const client = this.#client;
    const [first = { cids: [] }] = sent;
    const sendAll = <Call extends { write(message: { cids: string[] }): unknown; end(): unknown }>(call: Call): Call => {
      for (const message of sent) call.write(message);
      call.end();
      return call;
    };
    const readAll = <Call extends NodeJS.EventEmitter>(call: Call): Call =>
      call
        .on('data', (answer: Refs) => answered(null, answer))
        .on('error', (error: ServiceError) => answered(error))
        .on('end', () => answered(null));
    switch (shape) {
      case 'unary':
        return client.one(first, answered);
      case 'client stream':
        return sendAll(client.collect(answered));
      case 'server stream':
        return readAll(client.list(first));
      case 'bidi':
        return sendAll(readAll(client.exchange()));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.openGate();
    this.#client.close();
    this.#stop();
    this.guard.close();
    await this.authority[Symbol.asyncDispose]();
  }
}

/** Handlers that answer what they were sent; a `+` in a cid of `List` puts several into one answer. */
function grpcJsHandlers(world: RefsWorld): Handlers {
  const { log } = world;
  const start = (shape: Shape, call: NodeJS.EventEmitter): void => {
    log.started.push(shape);
    call.on('cancelled', () => log.cancelled.push(shape));
  };
  return {
    one: async (call, callback) => {
      start('unary', call);
      log.messages.push(call.request.cids);
      await world.turn();
      if (world.pace !== 'endless') callback(null, refsOf(...call.request.cids));
    },
    collect: (call, callback) => {
      start('client stream', call);
      const cids: string[] = [];
      call.on('data', (message) => {
        log.messages.push(message.cids);
        cids.push(...message.cids);
      });
      call.on('end', async () => {
        log.ended.push('client stream');
        await world.turn();
        if (world.pace !== 'endless') callback(null, refsOf(...cids));
      });
    },
    list: async (call) => {
      start('server stream', call);
      log.messages.push(call.request.cids);
      await world.turn();
      for (const cid of call.request.cids) call.write(refsOf(...cid.split('+')));
      if (world.pace !== 'endless') call.end();
    },
    exchange: (call) => {
      start('bidi', call);
      let answered = Promise.resolve();
      call.on('data', ({ cids }) => {
        log.messages.push(cids);
        answered = answered.then(() => world.turn()).then(() => void call.write(refsOf(...cids)));
      });
      call.on('end', async () => {
        log.ended.push('bidi');
        await answered;
        if (world.pace !== 'endless') call.end();
      });
    },
  };
}

/** Serves with @grpc/grpc-js; a test may bring handlers of its own. */
export function serveGrpcJs(own: (world: RefsWorld) => Partial<Handlers> = () => ({})): ServeRefs {
  return async (world, credentials) => {
    const server = new Server();
    server.addService(serviceDefinition(RefsService), { ...grpcJsHandlers(world), ...own(world) });
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
    );
    return [`127.0.0.1:${port}`, () => server.forceShutdown()];
  };
}
