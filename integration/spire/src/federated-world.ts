import { join } from 'node:path';
import { DirectoryClient } from './directory-client.js';
import { type DirectoryWorld, type DirectoryWorldOptions, startDirectoryWorld } from './directory-world.js';
import type { SpireServer } from './spire-server.js';
import type { Workload } from './spire-world.js';
import type { SuiteContext } from './suite.js';
import { HOME, PARTNER, PARTNER_READER, SERVER_ID } from './world-names.js';

/** A Directory whose trust domain federates with another one, which has a SPIRE server and a workload of its own. */
export interface FederatedWorld extends DirectoryWorld {
  readonly partner: Workload;
  /** Another client of the partner's workload. */
  partnerClient(): DirectoryClient;
  /** Tells the partner's server of the home trust domain's current bundle, as an operator without bundle endpoints does. */
  tellPartner(): Promise<void>;
}

/** Starts both trust domains; each trusts the other. */
export async function startFederatedWorld(
  context: SuiteContext,
  options: Pick<DirectoryWorldOptions, 'jwtSvidTtl'> = {},
): Promise<FederatedWorld> {
  const { world: spire } = context;
  const partnerServer = await spire.startServer({ trustDomain: PARTNER, caTtl: '24h', x509SvidTtl: '10m', jwtSvidTtl: '5m' });
  const give = async (from: SpireServer, to: SpireServer): Promise<void> => {
    await to.setBundle(from.trustDomain, await from.bundle(), join(spire.folder, `bundle-${from.trustDomain}.json`));
  };
  const world = await startDirectoryWorld(context, {
    ...options,
    prepare: async (server) => {
      await give(partnerServer, server);
      await give(server, partnerServer);
      return [PARTNER];
    },
  });
  const partner = await spire.startWorkload({ server: partnerServer, id: PARTNER_READER, federatesWith: [HOME] });
  const { identity } = partner;
  const { address } = world.directory;
  return {
    ...world,
    partner,
    partnerClient: () => spire.use(DirectoryClient.of({ address, serverId: SERVER_ID, identity, present: 'x509' })),
    tellPartner: () => give(world.server, partnerServer),
  };
}
