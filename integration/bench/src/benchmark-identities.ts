import { createIdentityAuthority, type X509SvidMaterial } from '@dirgate/testing';

const TRUST_DOMAIN = 'directory.example';

/** The identity of every server; tokens are for it. */
export const SERVER_ID = `spiffe://${TRUST_DOMAIN}/dir`;
/** The caller. `integration/grants.yaml` lets it read and search, by its path prefix. */
export const CALLER_ID = `spiffe://${TRUST_DOMAIN}/user/bench`;

const HOUR_MS = 3_600_000;

/** A certificate chain with its key, PEM. */
export interface PemIdentity {
  readonly cert: string;
  readonly key: string;
}

/** What servers and clients of one run present and trust. */
export interface BenchmarkIdentities extends AsyncDisposable {
  /** Where guarded servers get {@link SERVER_ID} from. */
  readonly workloadApi: string;
  readonly roots: string;
  /** {@link SERVER_ID} for servers that have no guard. */
  readonly server: PemIdentity;
  readonly caller: PemIdentity;
  /** The caller's certificates, DER, leaf first. */
  readonly callerChain: readonly Uint8Array[];
  readonly callerToken: string;
}

/** Creates the identities of a run; nothing of them expires within the hour. */
export async function createBenchmarkIdentities(): Promise<BenchmarkIdentities> {
  const authority = await createIdentityAuthority({
    trustDomains: [{ name: TRUST_DOMAIN, x509SvidTtlMs: 2 * HOUR_MS, jwtSvidTtlMs: HOUR_MS }],
  });
  const trustDomain = authority.trustDomain(TRUST_DOMAIN);
  const { address } = await authority.serveWorkloadApi({ id: SERVER_ID });
  const caller = trustDomain.issueX509Svid(CALLER_ID);
  return {
    workloadApi: address,
    roots: trustDomain.x509BundlePem(),
    server: pemOf(trustDomain.issueX509Svid(SERVER_ID)),
    caller: pemOf(caller),
    callerChain: caller.certificates,
    callerToken: await trustDomain.issueJwtSvid(CALLER_ID, { audience: SERVER_ID }),
    [Symbol.asyncDispose]: () => authority.close(),
  };
}

function pemOf({ certificates, privateKey }: X509SvidMaterial): PemIdentity {
  return {
    cert: certificates.map((der) => pemBlock('CERTIFICATE', der)).join(''),
    key: pemBlock('PRIVATE KEY', privateKey),
  };
}

function pemBlock(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}
