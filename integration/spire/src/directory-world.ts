import { DirectoryClient } from './directory-client.js';
import { type GuardedDirectory, startGuardedDirectory } from './guarded-directory.js';
import type { LoadedClient } from './load.js';
import type { SpireServer } from './spire-server.js';
import type { Workload } from './spire-world.js';
import type { SuiteContext } from './suite.js';
import { ACME, HOME, SERVER_ID } from './world-names.js';

/** Lifetimes, as SPIRE writes them. */
export interface DirectoryWorldOptions {
  readonly caTtl?: string;
  readonly x509SvidTtl?: string;
  readonly jwtSvidTtl?: string;
  /** Of the Directory's own SVID; default: as everybody's. */
  readonly hostX509SvidTtlSeconds?: number;
  /** Who the Directory's trust domain federates with; its bundle must be set before. */
  readonly prepare?: (server: SpireServer) => Promise<readonly string[]>;
}

/** What most suites start from: a SPIRE server, the guarded Directory, and one workload that calls it in both ways. */
export interface DirectoryWorld {
  readonly server: SpireServer;
  /** The Directory's own workload. */
  readonly host: Workload;
  /** The client's. */
  readonly acme: Workload;
  readonly directory: GuardedDirectory;
  /** A stored record. */
  readonly cid: string;
  /** The client with its X509-SVID, and the client with its JWT-SVIDs. */
  readonly x509: LoadedClient;
  readonly jwt: LoadedClient;
}

/** Starts it all; resolves when both clients have been answered. */
export async function startDirectoryWorld({ world }: SuiteContext, options: DirectoryWorldOptions = {}): Promise<DirectoryWorld> {
  const { caTtl = '24h', x509SvidTtl = '10m', jwtSvidTtl = '5m', hostX509SvidTtlSeconds, prepare } = options;
  const server = await world.startServer({ trustDomain: HOME, caTtl, x509SvidTtl, jwtSvidTtl });
  const federatesWith = (await prepare?.(server)) ?? [];
  const [host, acme] = await Promise.all([
    world.startWorkload({
      server,
      id: SERVER_ID,
      federatesWith,
      ...(hostX509SvidTtlSeconds !== undefined && { x509SvidTtlSeconds: hostX509SvidTtlSeconds }),
    }),
    world.startWorkload({ server, id: ACME }),
  ]);
  const directory = world.use(await startGuardedDirectory(host.identity, SERVER_ID, world.folder));
  const { address } = directory;
  const { identity } = acme;
  const x509 = world.use(DirectoryClient.of({ address, serverId: SERVER_ID, identity, present: 'x509' }));
  const jwt = world.use(DirectoryClient.of({ address, serverId: SERVER_ID, identity, present: 'jwt' }));
  const cid = await x509.pushSample();
  return {
    server,
    host,
    acme,
    directory,
    cid,
    x509: { name: 'X.509', client: x509, cid },
    jwt: { name: 'JWT', client: jwt, cid },
  };
}
