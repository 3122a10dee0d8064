import { verify } from 'node:crypto';
import {
  createBundleSet,
  createX509Bundle,
  createX509SvidVerifier,
  parseTrustDomain,
  verifyX509Svid,
  type X509Bundle,
  type X509BundleSource,
} from '@dirgate/spiffe';
import {
  REMEMBERED_GOAL,
  requireVerified,
  SHORT_MEMORY,
  type SpiffeCase,
  type SpiffeGoal,
  trustDomainName,
  trustDomainOf,
  workloadId,
  workOn,
} from './spiffe-case.js';
import { issueChains, type MeasuredChain, type RawSignature, shorten } from './spiffe-chains.js';

/** By the number of intermediates that are presented. */
const LENGTHS: readonly { readonly name: string; readonly goal: SpiffeGoal | undefined }[] = [
  { name: 'leaf', goal: { timesOneVerify: 1.3 } },
  { name: 'leaf + intermediate', goal: { timesOneVerify: 2.5 } },
  { name: 'leaf + 2 intermediates', goal: undefined },
];

/** The cases of X509-SVIDs, at each size of the bundle set. */
export async function createChainCases(
  sizes: readonly number[],
  credentials: number,
  now: number,
): Promise<readonly SpiffeCase[]> {
  const ids = Array.from({ length: credentials }, (_, index) => sizes.map((size) => workloadId(index, size, credentials)));
  const known = await issueChains(ids, false, now);
  const cases: SpiffeCase[] = [];
  for (const [column, trustDomains] of sizes.entries()) {
    const own = ids.map((row) => row.slice(column, column + 1));
    // For each case anew: cases that shared CAs would make each other's keys known.
    const fresh: MeasuredChain[][] = [];
    for (let intermediates = 1; intermediates < LENGTHS.length; intermediates++)
      fresh.push((await issueChains(own, true, now)).flat());
    cases.push(
      ...casesOf(
        known.flatMap((row) => row[column] ?? []),
        fresh,
        trustDomains,
        now,
      ),
    );
  }
  return cases;
}

/** `known`: chains whose CAs are the same. `fresh`: each with CAs of its own, so that every intermediate's key is new; by their length. */
function casesOf(
  known: readonly MeasuredChain[],
  fresh: readonly (readonly MeasuredChain[])[],
  trustDomains: number,
  now: number,
): readonly SpiffeCase[] {
  const others = otherBundles(known, trustDomains);
  return LENGTHS.flatMap(({ name, goal }, intermediates) => {
    const chainsOf = (chains: readonly MeasuredChain[]) => chains.map((chain) => shorten(chain, intermediates));
    const cases = rememberedToo(`X509-SVID, ${name}`, chainsOf(known), others, now, goal);
    if (intermediates === 0) return cases;
    const freshChains = chainsOf(fresh[intermediates - 1] ?? []);
    return [
      ...cases,
      coldCase(`X509-SVID, ${name}, keys never met, cold`, freshChains, bundlesFor(freshChains, others), others.length, now),
    ];
  });
}

/** Where nobody comes from. A CA is not tied to the name of a trust domain, so all of these hold the same. */
function otherBundles(chains: readonly MeasuredChain[], trustDomains: number): readonly X509Bundle[] {
  const certificates = chains.slice(0, 1).map(({ anchor }) => anchor);
  return Array.from({ length: trustDomains }, (_, index) =>
    createX509Bundle(parseTrustDomain(trustDomainName(index)), certificates),
  );
}

/** A bundle set of as many trust domains as `others`: those that somebody comes from hold the anchors that this takes. */
function bundlesFor(chains: readonly MeasuredChain[], others: readonly X509Bundle[]): X509BundleSource {
  const anchors = new Map<number, Uint8Array[]>();
  for (const [index, { anchor }] of chains.entries()) {
    const trustDomain = trustDomainOf(index, others.length, chains.length);
    anchors.set(trustDomain, [...(anchors.get(trustDomain) ?? []), anchor]);
  }
  return createBundleSet({
    x509: others.map((other, index) => {
      const own = anchors.get(index);
      return own === undefined ? other : createX509Bundle(other.trustDomain, own);
    }),
  });
}

function rememberedToo(
  name: string,
  chains: readonly MeasuredChain[],
  others: readonly X509Bundle[],
  now: number,
  goal: SpiffeGoal | undefined,
): readonly SpiffeCase[] {
  const bundles = bundlesFor(chains, others);
  const forgetful = createX509SvidVerifier({ bundles, usage: 'client', maxCachedChains: SHORT_MEMORY });
  const remembering = createX509SvidVerifier({ bundles, usage: 'client' });
  const cold = { ...coldCase(`${name}, cold`, chains, bundles, others.length, now), goal };
  return [
    cold,
    {
      ...cold,
      name: `${name}, cold, then remembered`,
      subject: workOn(chains, ({ certificates }) => forgetful.verify(certificates, now)),
    },
    {
      ...cold,
      name: `${name}, remembered`,
      kind: 'remembered',
      subject: workOn(chains, ({ certificates }) => remembering.verify(certificates, now)),
      goal: REMEMBERED_GOAL,
    },
  ];
}

function coldCase(
  name: string,
  chains: readonly MeasuredChain[],
  bundles: X509BundleSource,
  trustDomains: number,
  now: number,
): SpiffeCase {
  return {
    name,
    trustDomains,
    kind: 'cold',
    signatures: chains[0]?.raw.length ?? 0,
    credentials: chains.length,
    subject: workOn(chains, ({ certificates }) => verifyX509Svid(certificates, bundles, { now, usage: 'client' })),
    neededVerifies: workOn(chains, ({ raw }) => raw.forEach(verifyRaw)),
    oneVerify: workOn(chains, ({ raw: [first] }) => first && verifyRaw(first)),
    goal: undefined,
  };
}

function verifyRaw({ key, signed, signature }: RawSignature): void {
  requireVerified(verify('sha256', signed, key, signature));
}
