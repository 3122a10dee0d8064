import type { DescService } from '@bufbuild/protobuf';
import { directoryCatalogue } from '@dirgate/directory';
import { createChannelCredentials, createServerCredentials } from '@dirgate/grpc-js';
import { createGuard, type DecisionEvent, type Guard, type GuardOptions } from '@dirgate/guard';
import type { Decision, Policy, PolicySource } from '@dirgate/policy';
import { matchId } from '@dirgate/spiffe';
import { createIdentityAuthority, type IdentityAuthority } from '@dirgate/testing';
import { type ChannelCredentials, Client, type ServiceError, status } from '@grpc/grpc-js';
import type { FixtureServer, HandlerLog, RunningServer } from './fixture-server.js';

const SERVER_ID = 'spiffe://home.example/directory';

/** What a policy is told of one resource. */
export interface ToldResource {
  readonly type: string;
  readonly id?: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A call's end. `answers` hold what was set in them. */
export interface Outcome {
  readonly code: number;
  readonly answers: readonly object[];
}

/** As much of a stream of grpc-js as is needed. */
interface AnswerStream {
  on(event: 'data', listener: (message: object) => void): unknown;
  on(event: 'error', listener: (error: ServiceError) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  write?(message: never): unknown;
  end?(): unknown;
}

/**
 * A fixture server behind dirgate's credentials, and clients that it trusts. Its policy allows records whose name is
 * below `acme/`, and queries; `describe` knows `good` as `acme/good`, everything else as `other/…`.
 */
export class GuardedFixture implements AsyncDisposable {
  readonly log: HandlerLog = [];
  readonly events: DecisionEvent[] = [];
  readonly described: string[] = [];
  /** Refuses more than the policy does. */
  refuse: () => boolean = () => false;
  readonly #told: ToldResource[] = [];
  readonly #closers: (() => void)[] = [];
  #authority!: IdentityAuthority;
  #guard!: Guard;
  #server!: RunningServer;

  static async start(server: FixtureServer, options: Partial<GuardOptions> = {}): Promise<GuardedFixture> {
    const fixture = new GuardedFixture();
    fixture.#authority = await createIdentityAuthority({ trustDomains: [{ name: 'home.example' }] });
    fixture.#guard = createGuard({
      identity: fixture.#authority.identityOf(SERVER_ID),
      policy: fixture.#policy(),
      accept: 'x509',
      catalogue: directoryCatalogue,
      messages: server.messages,
      describe: async ({ id }) => {
        fixture.described.push(id);
        return { name: `${id === 'good' ? 'acme' : 'other'}/${id}` };
      },
      onDecision: (event) => fixture.events.push(event),
      ...options,
    });
    fixture.#server = await server.listen(createServerCredentials(fixture.#guard), fixture.log);
    return fixture;
  }

  /** A client of a service, as protobuf-es makes it: the wire is the same to all. */
  client<C extends Client>(make: new (address: string, credentials: ChannelCredentials) => C): C {
    const identity = this.#authority.identityOf('spiffe://home.example/caller');
    const client = new make(this.#server.address, createChannelCredentials({ identity, server: matchId(SERVER_ID) }));
    this.#closers.push(() => client.close());
    return client;
  }

  /** The resources of the request messages that the policy was asked about. */
  told(): readonly ToldResource[] {
    return this.#told;
  }

  /** The status of a call with one answer. */
  unary(call: (callback: (error: ServiceError | null) => void) => unknown): Promise<number> {
    return new Promise((resolve) => call((error) => resolve(error === null ? status.OK : error.code)));
  }

  /** The status of a client stream of these messages. */
  clientStream<Message>(
    begin: (callback: (error: ServiceError | null) => void) => { write(message: Message): unknown; end(): unknown },
    messages: readonly Message[],
  ): Promise<number> {
    return this.unary((callback) => {
      const call = begin(callback);
      for (const message of messages) call.write(message);
      call.end();
    });
  }

  /** The status of a call of one request message, of these very bytes. */
  sendRaw({ typeName }: DescService, method: string, bytes: Uint8Array): Promise<number> {
    const client = this.client(Client);
    const same = (value: Buffer): Buffer => value;
    return this.unary((callback) =>
      client.makeUnaryRequest(`/${typeName}/${method}`, same, same, Buffer.from(bytes), (error) => callback(error)),
    );
  }

  #policy(): PolicySource {
    const allows = ({ type, properties }: ToldResource): boolean =>
      type === 'query' || (type === 'record' && String(properties['name']).startsWith('acme/'));
    const policy: Policy = {
      revision: 'fixture',
      phases: ['call', 'request'],
      inputs: undefined,
      reads: () => true,
      decide: (input): Decision => {
        const { action, resource } = input as {
          readonly action: { readonly properties: { readonly phase: string } };
          readonly resource: ToldResource;
        };
        if (action.properties.phase === 'call') return { allow: true, reasons: [], revision: 'fixture' };
        this.#told.push(resource);
        return { allow: allows(resource) && !this.refuse(), reasons: [], revision: 'fixture' };
      },
    };
    return { current: () => policy, onChange: () => () => undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) close();
    this.#server.stop();
    this.#guard.close();
    await this.#authority[Symbol.asyncDispose]();
  }
}

/** The end of a call with a stream of answers, after these messages. */
export function outcomeOf(call: AnswerStream, messages: readonly object[] = []): Promise<Outcome> {
  const answers: object[] = [];
  const outcome = new Promise<Outcome>((resolve) => {
    call.on('data', (message) => answers.push(withoutTypeNames(message)));
    call.on('error', ({ code }) => resolve({ code, answers }));
    call.on('end', () => resolve({ code: status.OK, answers }));
  });
  for (const message of messages) call.write?.(message as never);
  call.end?.();
  return outcome;
}

function withoutTypeNames({ $typeName: _, ...message }: { readonly $typeName?: string }): object {
  return message;
}
