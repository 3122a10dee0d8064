import { create } from '@bufbuild/protobuf';
import { RecordRefSchema, SearchService, StoreService } from '@dirgate/directory';
import { clientConstructor, type GrpcJsHandlers } from '@dirgate/service-definition';
import { type ChannelCredentials, type ChannelOptions, Metadata, type ServiceError, status } from '@grpc/grpc-js';

/** The four kinds of call, each as one method of the Directory. */
export const SHAPES = ['unary', 'client stream', 'server stream', 'bidi'] as const;

/** One of {@link SHAPES}. */
export type Shape = (typeof SHAPES)[number];

/** How a call ended. */
export interface Outcome {
  readonly code: status;
  readonly details: string;
  readonly answers: number;
}

const Store = clientConstructor(StoreService);
const Search = clientConstructor(SearchService);

/** Clients of the two services, over one channel each. */
export class ShapesClient {
  readonly store: InstanceType<typeof Store>;
  readonly search: InstanceType<typeof Search>;

  constructor(address: string, credentials: ChannelCredentials, options: ChannelOptions = {}) {
    const channel = { 'grpc.enable_retries': 0, 'grpc.enable_http_proxy': 0, ...options };
    this.store = new Store(address, credentials, channel);
    this.search = new Search(address, credentials, channel);
  }

  close(): void {
    this.store.close();
    this.search.close();
  }

  /** One call with one message (`cids`: several, where requests are streamed), to its end. */
  call(
    shape: Shape,
    { metadata = new Metadata(), cids = ['a'] }: { metadata?: Metadata; cids?: readonly string[] } = {},
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      let answers = 0;
      const ended = (error: ServiceError | null): void =>
        resolve({ code: error?.code ?? status.OK, details: error?.details ?? '', answers });
      const options = { deadline: Date.now() + 10_000 };
      switch (shape) {
        case 'unary':
          this.search.countRecords({}, metadata, options, (error) => ended(error));
          return;
        case 'client stream': {
          const call = this.store.delete(metadata, options, (error) => ended(error));
          for (const cid of cids) call.write({ cid });
          call.end();
          return;
        }
        case 'server stream': {
          const call = this.search.searchCIDs({}, metadata, options);
          call.on('data', () => {
            answers += 1;
          });
          call.on('error', (error: ServiceError) => ended(error));
          call.on('end', () => ended(null));
          return;
        }
        case 'bidi': {
          const call = this.store.lookup(metadata, options);
          call.on('data', () => {
            answers += 1;
          });
          call.on('error', (error: ServiceError) => ended(error));
          call.on('end', () => ended(null));
          for (const cid of cids) call.write(create(RecordRefSchema, { cid }));
          call.end();
        }
      }
    });
  }
}

/** What handlers were run, and what they were given. */
export interface HandlerLog {
  readonly started: string[];
  readonly messages: string[];
  readonly ended: string[];
  readonly cancelled: string[];
}

type Seen = (shape: Shape, call: { readonly metadata: Metadata }) => void;

/** Handlers of the four methods that write down that they ran. `seen` is told of each call as it starts. */
export function loggingHandlers(
  log: HandlerLog,
  seen: Seen = () => undefined,
): {
  store: Pick<GrpcJsHandlers<typeof StoreService>, 'delete' | 'lookup'>;
  search: Pick<GrpcJsHandlers<typeof SearchService>, 'countRecords' | 'searchCIDs'>;
} {
  const start = (shape: Shape, call: { readonly metadata: Metadata }): void => {
    log.started.push(shape);
    seen(shape, call);
  };
  return {
    search: {
      countRecords: (call, callback) => {
        start('unary', call);
        callback(null, { totalCount: 1 });
      },
      searchCIDs: (call) => {
        start('server stream', call);
        call.on('cancelled', () => log.cancelled.push('server stream'));
        call.write({ recordCid: 'one' });
        if (call.metadata.get('test-keep-open').length === 0) call.end();
      },
    },
    store: {
      delete: (call, callback) => {
        start('client stream', call);
        call.on('data', (ref) => log.messages.push(ref.cid));
        call.on('cancelled', () => log.cancelled.push('client stream'));
        call.on('end', () => {
          log.ended.push('client stream');
          callback(null, {});
        });
      },
      lookup: (call) => {
        start('bidi', call);
        call.on('data', (ref) => {
          log.messages.push(ref.cid);
          call.write({ cid: ref.cid });
        });
        call.on('cancelled', () => log.cancelled.push('bidi'));
        call.on('end', () => {
          log.ended.push('bidi');
          call.end();
        });
      },
    },
  };
}
