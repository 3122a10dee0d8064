import { readFile } from 'node:fs/promises';
import type { JsonObject } from '@bufbuild/protobuf';
import { type Record as DirectoryRecord, SearchRecordQueryType, SearchService, StoreService } from '@dirgate/directory';
import { createChannelCredentials, createJwtCallCredentials } from '@dirgate/grpc-js';
import { type Attempt, failed, serverStream, succeeded } from '@dirgate/harness';
import { clientConstructor } from '@dirgate/service-definition';
import { type IdentitySource, matchId } from '@dirgate/spiffe';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import { EventServiceDefinition } from './event-service.js';

const Search = clientConstructor(SearchService);
const Store = clientConstructor(StoreService);

const RECORD = new URL('../../../integration/records/acme-contract-summarizer.json', import.meta.url);

// A call that gets no answer is a failed call, and no reason for a suite to hang.
const DEADLINE_MS = 10_000;

/** Who is called, and how the caller proves itself. */
export interface DirectoryClientOptions {
  readonly address: string;
  readonly serverId: string;
  readonly identity: IdentitySource;
  readonly present: 'x509' | 'jwt';
  /** Default `off`. */
  readonly retries?: Retries;
}

/**
 * `off`: a call is sent once. `default`: as a user has it who set nothing; without a retry policy grpc-js then sends a call once more, but only
 * when the server said that it had not begun with it.
 */
export type Retries = 'off' | 'default';

/** A Listen call, which goes on until something ends it. */
export interface OpenListen {
  /** Waits for an event to come; rejects when the call ends instead. */
  event(): Promise<void>;
  /** Waits for the call to end. */
  readonly ended: Promise<Attempt>;
}

/** A Pull call that stays open between its messages. */
export interface OpenPull {
  /** Asks for one record and waits for it; rejects when the call ends instead. */
  pull(cid: string): Promise<void>;
  /** Ends the requests and waits for the call to end. */
  finish(): Promise<Attempt>;
  /** Waits for the call to end by itself. */
  readonly ended: Promise<Attempt>;
}

/** A client of the Directory on one connection at a time. */
export class DirectoryClient implements AsyncDisposable {
  readonly #search: InstanceType<typeof Search>;
  readonly #store: InstanceType<typeof Store>;

  constructor(address: string, channelCredentials: ChannelCredentials, retries: Retries) {
    const options = {
      ...(retries === 'off' && { 'grpc.enable_retries': 0 }),
      'grpc.enable_http_proxy': 0,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.ssl_target_name_override': 'directory.test', // an address is no server name (RFC 6066 §3); nobody here looks at it
    };
    this.#search = new Search(address, channelCredentials, options);
    this.#store = new Store(address, channelCredentials, { channelOverride: this.#search.getChannel() });
  }

  /** A client as a user of our packages makes it. */
  static of({ address, serverId, identity, present, retries = 'off' }: DirectoryClientOptions): DirectoryClient {
    const channel = createChannelCredentials({ identity, server: matchId(serverId), mode: present });
    return new DirectoryClient(
      address,
      present === 'x509'
        ? channel
        : credentials.combineChannelCredentials(channel, createJwtCallCredentials({ identity, audience: serverId })),
      retries,
    );
  }

  /** Unary. */
  count(): Promise<Attempt> {
    return new Promise((resolve) => {
      this.#search.countRecords({}, { deadline: Date.now() + DEADLINE_MS }, (error, answer) =>
        resolve(error ? failed(error) : succeeded([answer])),
      );
    });
  }

  /** Server stream. */
  searchCids(): Promise<Attempt> {
    const queries = [{ type: SearchRecordQueryType.SKILL_NAME, value: 'natural_language_processing/*' }];
    return serverStream(this.#search.searchCIDs({ queries }, { deadline: Date.now() + DEADLINE_MS }));
  }

  /** Bidi stream; without a deadline, since it may stay open for as long as a suite wants. */
  openPull(): OpenPull {
    const call = this.#store.pull();
    const ended = serverStream(call);
    return {
      ended,
      pull: async (cid) => {
        const answer = new Promise<void>((resolve) => call.once('data', ({ data }: DirectoryRecord) => data && resolve()));
        call.write({ cid });
        await unlessEnded(answer, ended);
      },
      finish: () => {
        call.end();
        return ended;
      },
    };
  }

  /** Server stream; without a deadline. */
  openListen(): OpenListen {
    const { path, requestSerialize, responseDeserialize } = EventServiceDefinition.listen;
    const call = this.#search.makeServerStreamRequest(path, requestSerialize, responseDeserialize, Buffer.alloc(0));
    const ended = serverStream(call);
    return {
      ended,
      event: () => unlessEnded(new Promise<void>((resolve) => call.once('data', () => resolve())), ended),
    };
  }

  /** Stores the sample record that acme published; gives its CID. */
  async pushSample(): Promise<string> {
    const call = this.#store.push();
    const pushed = serverStream<{ readonly cid: string }>(call);
    call.write({ data: JSON.parse(await readFile(RECORD, 'utf8')) as JsonObject });
    call.end();
    const { status, details, answers } = await pushed;
    const [stored] = answers;
    if (status !== 'OK' || stored === undefined) throw new Error(`the sample record was not stored: ${status} ${details}`);
    return stored.cid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#search.close();
  }
}

async function unlessEnded(answer: Promise<void>, ended: Promise<Attempt>): Promise<void> {
  const early = ended.then(({ status, details }) => {
    throw new Error(`the stream ended with ${status} (${details}) before it answered`);
  });
  await Promise.race([answer, early]);
}
