import { type Attempt, bidi } from '@dirgate/harness';
import { parseX509Svid } from '@dirgate/spiffe';
import { Metadata } from '@grpc/grpc-js';
import type { DemoClient } from './demo-client.js';
import { type DemoWorld, HOME, type Listener, PARTNER, SERVER_ID, STRANGER } from './demo-world.js';
import { presenting } from './fixed-identity.js';
import { ADMIN, USER } from './rows-home.js';
import type { SharedRecords } from './shared-records.js';
import type { Row } from './table.js';

/** Makes a client whose identity cannot be proven, and the metadata that it sends. */
type Unproven = () => Promise<{ readonly client: DemoClient; readonly metadata?: Metadata }>;

/** Rows of callers whose identity is not proven. Each tries what its claimed identity would be allowed to do. */
export function unprovenRows(world: DemoWorld, listener: Listener, records: SharedRecords): readonly Row[] {
  const row = (who: string, credential: string, reason: string, open: Unproven): Row => ({
    who,
    credential,
    call: 'Pull a record',
    expected: { status: 'UNAUTHENTICATED', reason, handler: null },
    run: () => pull(open, records.acmeCid),
  });
  const withToken =
    (issue: () => Promise<string>, present: 'x509' | 'nothing' = 'nothing'): Unproven =>
    async () => ({ client: await world.client({ id: USER, present, listener }), metadata: bearer(await issue()) });
  const token = (options: Partial<Parameters<typeof world.home.issueJwtSvid>[1]> = {}) =>
    world.home.issueJwtSvid(USER, { audience: SERVER_ID, ...options });

  return [
    row('stranger', 'X.509 without bundle', 'trust_domain_without_bundle', async () => ({
      client: await world.client({ id: `spiffe://${STRANGER}/agent/x`, listener }),
    })),
    row('impostor as home admin', "X.509 of partner's CA", 'issuer_untrusted', async () => ({
      client: await world.client({ id: ADMIN, listener, identity: await impostor(world) }),
    })),
    row('nobody', 'none', 'no_credential', async () => ({
      client: await world.client({ id: USER, present: 'nothing', listener }),
    })),
    row(
      'home CLI user',
      'JWT, expired',
      'jwt_expired',
      withToken(() => token({ expiresAt: Date.now() - 3_600_000 })),
    ),
    row(
      'home CLI user',
      'JWT, other audience',
      'jwt_audience_mismatch',
      withToken(() => token({ audience: `spiffe://${HOME}/other` })),
    ),
    row(
      'home CLI user',
      'JWT, unknown key',
      'jwt_key_unknown',
      withToken(() => token({ signedBy: 'unknown-key' })),
    ),
    row(
      'home CLI user',
      'bad JWT + good X.509',
      'jwt_signature',
      withToken(() => token({ signedBy: 'forged' }), 'x509'),
    ),
  ];
}

async function pull(open: Unproven, cid: string): Promise<Attempt> {
  const { client, metadata = new Metadata() } = await open();
  using closing = client;
  return await bidi(closing.store.pull(metadata), [{ cid }]);
}

/** An identity that presents an SVID of ours which the partner's CA signed. */
async function impostor(world: DemoWorld) {
  const forged = parseX509Svid(world.authority.trustDomain(PARTNER).issueForeignX509Svid(ADMIN));
  return presenting(forged, (await world.workload(`spiffe://${PARTNER}/agent/impostor`)).api);
}

function bearer(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}
