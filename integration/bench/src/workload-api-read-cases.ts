import { parseTrustDomain, type TrustDomain } from '@dirgate/spiffe';
import type { WorkloadApi } from '@dirgate/workload-api';
import { trustDomainName } from './spiffe-case.js';
import { inTurns, repeatAwaited, repeatRead, type WorkloadApiCase } from './workload-api-case.js';

const READ_GOAL_MICROS = 0.2;
const TOKEN_GOAL_MICROS = 2;
/** How many audiences a caller of several services asks tokens for. */
const AUDIENCES = 100;

/**
 * What callers read of a live identity. The twin of each is a `Map` of as many entries, one look-up, one property read.
 * `trustDomains` is how many the identity is federated with. Rejects when one of their bundles is not there.
 */
export function createReadCases(identity: WorkloadApi, trustDomains: number): readonly WorkloadApiCase[] {
  const own = identity.x509Svid()?.id.trustDomain;
  if (own === undefined) throw new Error('there is no X509-SVID to read');
  const federated = Array.from({ length: trustDomains }, (_, index) => parseTrustDomain(trustDomainName(index)));
  // Read once, as after the first sweep: what is measured is not the parser.
  for (const trustDomain of federated) requireBundle(identity, trustDomain);
  const plain = new Map([own, ...federated].map((trustDomain) => [trustDomain.name, { bundle: trustDomain }]));
  const readPlain = (): unknown => plain.get(own.name)?.bundle;
  const next = inTurns(federated);
  const nextPlain = inTurns(federated);
  const common = {
    kind: 'read',
    trustDomains,
    received: undefined,
    goalMicros: READ_GOAL_MICROS,
    allocatesNothing: true,
  } as const;
  return [
    { ...common, name: 'x509Svid()', subject: repeatRead(() => identity.x509Svid()), twin: repeatRead(readPlain) },
    { ...common, name: 'x509Bundle(own)', subject: repeatRead(() => identity.x509Bundle(own)), twin: repeatRead(readPlain) },
    {
      ...common,
      name: 'x509Svid() and x509Bundle(own)',
      subject: repeatRead(() => identity.x509Svid() && identity.x509Bundle(own)),
      twin: repeatRead(() => readPlain() && readPlain()),
    },
    { ...common, name: 'jwtBundle(own)', subject: repeatRead(() => identity.jwtBundle(own)), twin: repeatRead(readPlain) },
    {
      ...common,
      name: 'x509Bundle(federated), each in turn',
      subject: repeatRead(() => identity.x509Bundle(next())),
      twin: repeatRead(() => plain.get(nextPlain().name)?.bundle),
    },
    {
      ...common,
      name: 'for comparison: Date.now()',
      subject: repeatRead(() => Date.now() > 0),
      twin: repeatRead(readPlain),
      goalMicros: undefined,
      allocatesNothing: false,
    },
  ];
}

/** JWT-SVIDs that are in the cache already. The twin of each is a `Map.get` in an async function. */
export async function createTokenCases(identity: WorkloadApi, trustDomains: number): Promise<readonly WorkloadApiCase[]> {
  const audiences = Array.from({ length: AUDIENCES }, (_, index) => `spiffe://audience.example/service-${index}`);
  const plain = new Map<string, object>();
  for (const audience of audiences) plain.set(audience, await identity.fetchJwtSvid({ audience }));
  const getPlain = async (audience: string): Promise<object | undefined> => plain.get(audience);
  return [
    ['fetchJwtSvid(), one audience', audiences.slice(0, 1)] as const,
    [`fetchJwtSvid(), ${AUDIENCES} audiences in turn`, audiences] as const,
  ].map(([name, wanted]): WorkloadApiCase => {
    const next = inTurns(wanted);
    const nextPlain = inTurns(wanted);
    return {
      name,
      kind: 'token',
      trustDomains,
      subject: repeatAwaited(() => identity.fetchJwtSvid({ audience: next() })),
      twin: repeatAwaited(() => getPlain(nextPlain())),
      received: undefined,
      goalMicros: TOKEN_GOAL_MICROS,
      allocatesNothing: false,
    };
  });
}

function requireBundle(identity: WorkloadApi, trustDomain: TrustDomain): void {
  if (identity.x509Bundle(trustDomain) === undefined) throw new Error(`there is no bundle of ${trustDomain.id}`);
}
