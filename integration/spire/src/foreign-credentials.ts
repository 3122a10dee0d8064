import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { SpireAgent } from './spire-agent.js';
import { seenThat } from './wait-until.js';

/** Plain TLS credentials, and until when they can be good. */
export interface ForeignCredentials {
  readonly credentials: ChannelCredentials;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/**
 * What a client without a SPIFFE library has: the files that `spire-agent api fetch x509 -write` wrote once, and grpc-js's own TLS. It trusts
 * the SPIRE bundle and looks at no name.
 */
export async function foreignClientOf(agent: SpireAgent): Promise<ForeignCredentials> {
  const folder = await mkdtemp(join(agent.folder, 'svid-'));
  const fetched = (): Promise<boolean> =>
    agent.api('fetch x509', '-silent', '-write', folder).then(
      () => true,
      () => false,
    );
  await seenThat('the agent gives an SVID', fetched, 30_000);
  const [chain, key, roots] = await Promise.all(
    ['svid.0.pem', 'svid.0.key', 'bundle.0.pem'].map((name) => readFile(join(folder, name))),
  );
  if (chain === undefined || key === undefined || roots === undefined) throw new Error('the agent wrote no SVID');
  return {
    credentials: credentials.createSsl(roots, key, chain, { checkServerIdentity: () => undefined }),
    notAfter: Date.parse(new X509Certificate(chain).validTo),
  };
}
