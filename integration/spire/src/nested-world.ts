import type { IdentitySource } from '@dirgate/spiffe';
import { DirectoryClient } from './directory-client.js';
import { counting, expectNoFailure } from './expect-load.js';
import { type GuardedDirectory, startGuardedDirectory } from './guarded-directory.js';
import { Load, type LoadedClient } from './load.js';
import type { SpireServer } from './spire-server.js';
import type { Workload } from './spire-world.js';
import type { SuiteContext } from './suite.js';
import { ACME, HOME, OTHER_USER, SERVER_ID, USER } from './world-names.js';

/** As in the suite `expiry`: streams of ours end with the certificate on which their server was proven. */
const HOST_TTL_SECONDS = 70;
/** Longer than a suite. */
const LONG_TTL_SECONDS = 3600;
const TTLS = { caTtl: '24h', x509SvidTtl: '20s', jwtSvidTtl: '20s' };

/** A SPIRE server, one below it, and workloads of both. The guarded Directory is below. */
export interface NestedWorld {
  readonly root: SpireServer;
  readonly downstream: SpireServer;
  readonly host: Workload;
  readonly below: Workload;
  /** Below, too, with SVIDs that outlive the suite. */
  readonly keeper: Workload;
  readonly above: Workload;
  readonly directory: GuardedDirectory;
  clientOf(name: string, identity: IdentitySource, present: 'x509' | 'jwt'): LoadedClient;
  /** Four clients, of `below` and of `above`, call until `meanwhile` is over: none fails, each is counted. */
  unharmed(meanwhile: (load: Load) => Promise<void>): Promise<void>;
}

/** Starts it all; resolves when every workload has its first SVID. */
export async function startNestedWorld({ world, progress }: SuiteContext): Promise<NestedWorld> {
  const root = await world.startServer({ trustDomain: HOME, ...TTLS });
  const voucher = await world.startAgent(root);
  await root.createEntry({ id: `spiffe://${HOME}/downstream`, parent: voucher.node, downstream: true });
  const upstream = { port: root.port, workloadApiSocket: voucher.socket };
  const downstream = await world.startServer({ trustDomain: HOME, ...TTLS, upstream });
  const long = { x509SvidTtlSeconds: LONG_TTL_SECONDS, jwtSvidTtlSeconds: LONG_TTL_SECONDS };
  const [host, below, keeper, above] = await Promise.all([
    world.startWorkload({ server: downstream, id: SERVER_ID, x509SvidTtlSeconds: HOST_TTL_SECONDS }),
    world.startWorkload({ server: downstream, id: ACME }),
    world.startWorkload({ server: downstream, id: OTHER_USER, ...long }),
    world.startWorkload({ server: root, id: USER }),
  ]);
  const directory = world.use(await startGuardedDirectory(host.identity, SERVER_ID, world.folder));
  const { address } = directory;
  const connect = (identity: IdentitySource, present: 'x509' | 'jwt'): DirectoryClient =>
    world.use(DirectoryClient.of({ address, serverId: SERVER_ID, identity, present }));
  const cid = await connect(below.identity, 'x509').pushSample();
  const clientOf: NestedWorld['clientOf'] = (name, identity, present) => ({ name, client: connect(identity, present), cid });
  const clients = [
    clientOf('below X.509', below.identity, 'x509'),
    clientOf('below JWT', below.identity, 'jwt'),
    clientOf('above X.509', above.identity, 'x509'),
    clientOf('above JWT', above.identity, 'jwt'),
  ];
  const unharmed: NestedWorld['unharmed'] = async (meanwhile) => {
    const counted = [
      counting(directory, 'below X.509', ACME, 'x509-svid'),
      counting(directory, 'below JWT', ACME, 'jwt-svid'),
      counting(directory, 'above X.509', USER, 'x509-svid'),
      counting(directory, 'above JWT', USER, 'jwt-svid'),
    ];
    const refusals = directory.refusals.length;
    const load = world.use(new Load(clients));
    await meanwhile(load);
    await load.stop();
    progress(`${load.attempts.length} calls`);
    expectNoFailure(load, directory, counted, refusals);
  };
  return { root, downstream, host, below, keeper, above, directory, clientOf, unharmed };
}
