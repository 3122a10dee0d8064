import { RoutingService, SearchService, StoreService } from '@dirgate/directory';
import { createChannelCredentials, createJwtCallCredentials } from '@dirgate/grpc-js';
import { clientConstructor } from '@dirgate/service-definition';
import type { IdentitySource, SpiffeIdMatcher } from '@dirgate/spiffe';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';

const Store = clientConstructor(StoreService);
const Routing = clientConstructor(RoutingService);
const Search = clientConstructor(SearchService);

/** How a client presents itself: its X.509-SVID, a JWT-SVID, both, or nothing. */
export type Present = 'x509' | 'jwt' | 'both' | 'nothing';

/** What a client needs. */
export interface DemoClientOptions {
  readonly address: string;
  readonly identity: IdentitySource;
  readonly server: SpiffeIdMatcher;
  readonly present: Present;
  /** The audience of tokens. */
  readonly audience: string;
}

/** Clients of the Directory's services, as a CLI or an SDK would make them. They do not retry. */
export class DemoClient implements Disposable {
  readonly store: InstanceType<typeof Store>;
  readonly routing: InstanceType<typeof Routing>;
  readonly search: InstanceType<typeof Search>;

  constructor(options: DemoClientOptions) {
    const channel = { 'grpc.enable_retries': 0, 'grpc.enable_http_proxy': 0, 'grpc.use_local_subchannel_pool': 1 };
    const channelCredentials = clientCredentials(options);
    this.store = new Store(options.address, channelCredentials, channel);
    this.routing = new Routing(options.address, channelCredentials, channel);
    this.search = new Search(options.address, channelCredentials, channel);
  }

  [Symbol.dispose](): void {
    this.store.close();
    this.routing.close();
    this.search.close();
  }
}

/** The credentials of a client: TLS with the expected server identity, and a token where one is sent. */
export function clientCredentials({ identity, server, present, audience }: DemoClientOptions): ChannelCredentials {
  const mode = present === 'x509' || present === 'both' ? 'x509' : 'jwt';
  const channel = createChannelCredentials({ identity, server, mode });
  return present === 'jwt' || present === 'both'
    ? credentials.combineChannelCredentials(channel, createJwtCallCredentials({ identity, audience }))
    : channel;
}
