import { readBundleDocument, requireDocumentSize } from './bundle-document.js';
import type { JwtBundle } from './jwt-bundle.js';
import { marshalBundleMapEntry } from './marshal-spiffe-bundle.js';
import type { BundleSource } from './sources.js';
import { readSpiffeBundle, type SpiffeBundle } from './spiffe-bundle.js';
import { SpiffeError } from './spiffe-error.js';
import { isJsonObject } from './strict-json.js';
import { parseTrustDomain, type TrustDomain } from './trust-domain.js';
import type { X509Bundle } from './x509-bundle.js';

let create: (bundles: readonly SpiffeBundle[]) => BundleMap;

/**
 * The bundles of any number of trust domains at one moment: the whole state of the world, not a part of it (B-16). Immutable, so it
 * can serve as the source of a verifier. Bundles are looked up by trust domain and never merged.
 */
export class BundleMap implements BundleSource {
  /** All bundles, in no order that means something. Frozen. */
  readonly bundles: readonly SpiffeBundle[];
  /** A Map, as a trust domain may be called `constructor` (ID-15). */
  readonly #byName: ReadonlyMap<string, SpiffeBundle>;

  static {
    create = (bundles) => new BundleMap(bundles);
  }

  private constructor(bundles: readonly SpiffeBundle[]) {
    this.bundles = Object.freeze([...bundles]);
    this.#byName = new Map(bundles.map((bundle) => [bundle.trustDomain.name, bundle]));
    Object.freeze(this);
  }

  /** The bundle of that trust domain, `undefined` when the map does not name it. */
  bundle(trustDomain: TrustDomain): SpiffeBundle | undefined {
    return this.#byName.get(trustDomain.name);
  }

  /** The X.509 authorities of that trust domain; empty when it has none, `undefined` when the map does not name it. */
  x509Bundle(trustDomain: TrustDomain): X509Bundle | undefined {
    return this.bundle(trustDomain)?.x509Bundle;
  }

  /** The JWT authorities of that trust domain; empty when it has none, `undefined` when the map does not name it. */
  jwtBundle(trustDomain: TrustDomain): JwtBundle | undefined {
    return this.bundle(trustDomain)?.jwtBundle;
  }
}

/**
 * Makes a map of bundles, for example to publish it. It may be empty.
 *
 * @throws SpiffeError `duplicate_trust_domain` when two bundles are of one trust domain
 */
export function createBundleMap(bundles: readonly SpiffeBundle[]): BundleMap {
  if (new Set(bundles.map(({ trustDomain }) => trustDomain.name)).size !== bundles.length) {
    throw new SpiffeError('duplicate_trust_domain', 'two bundles of a map are of one trust domain');
  }
  return create(bundles);
}

/**
 * Reads a SPIFFE bundle map (SPIFFE Trust Domain and Bundle §5): an object `trust_domains` whose members are trust domain names with
 * the bundle document of each. One bad name or bundle refuses the map (B-16). Each bundle is read as `parseSpiffeBundle` does, but
 * its refresh hint is not read at all, so it can never change how often the map is fetched (B-15).
 * Not checked: where the map came from, and whether it may speak for those trust domains.
 *
 * @throws SpiffeError `bundle_map_too_large` (above 4 MiB), `bundle_map_malformed`, `bundle_map_duplicate_member` (a trust domain
 * twice, or any other member), `bundle_map_too_deep`, `bundle_map_trust_domain`, and for a bundle in it `jwks_malformed`,
 * `bundle_sequence`
 */
export function parseBundleMap(document: string | Uint8Array): BundleMap {
  const value = readBundleDocument(document, 'bundle_map');
  const trustDomains = isJsonObject(value) ? value['trust_domains'] : undefined;
  if (!isJsonObject(trustDomains)) {
    throw new SpiffeError('bundle_map_malformed', 'a SPIFFE bundle map is an object with an object named trust_domains');
  }
  return create(
    Object.entries(trustDomains).map(([name, bundle]) => readSpiffeBundle(readTrustDomainName(name), bundle, undefined)),
  );
}

/**
 * Writes a bundle map, JSON on one line, its bundles as `marshalSpiffeBundle` does but without refresh hints, which mean nothing
 * inside a map (B-15).
 *
 * @throws SpiffeError `certificate_key_unsupported`, `der_malformed`; `bundle_map_too_large` when the document would have more than 4 MiB
 */
export function marshalBundleMap(map: BundleMap): string {
  // Trust domain names need no escapes.
  const entries = map.bundles.map((bundle) => `"${bundle.trustDomain.name}":${marshalBundleMapEntry(bundle)}`);
  const document = `{"trust_domains":{${entries.join(',')}}}`;
  requireDocumentSize(Buffer.byteLength(document), 'bundle_map');
  return document;
}

function readTrustDomainName(name: string): TrustDomain {
  try {
    // Flat: the name would keep the whole document alive.
    return parseTrustDomain(Buffer.from(name).toString());
  } catch (cause) {
    throw new SpiffeError('bundle_map_trust_domain', 'a name in a SPIFFE bundle map is no trust domain name', { cause });
  }
}
