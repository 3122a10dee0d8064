import { trustDomainName } from './spiffe-case.js';

/** The trust domain whose bundle changes. */
export function changedTrustDomain(trustDomains: number): string {
  return trustDomainName(Math.floor(trustDomains / 2));
}

/** {@link withdrawnTrustDomains}, and the one that changes. */
export const FEWEST_FOR_WITHDRAWAL = 3;

/** The two of which one is away, once one was withdrawn. @throws RangeError when there are too few trust domains */
export function withdrawnTrustDomains(trustDomains: number): readonly [string, string] {
  if (trustDomains < FEWEST_FOR_WITHDRAWAL) throw new RangeError('a withdrawal takes more trust domains');
  return [trustDomainName(0), trustDomainName(trustDomains - 1)];
}

/** The bundles of any number of trust domains, all the same, as they stand in a message. */
export class Federation {
  readonly #trustDomains: number;
  /** What the bundle of {@link changedTrustDomain} is, and what it is next. */
  #bundles: readonly [Uint8Array, Uint8Array];
  #isFirstAway = false;
  /** Never changed, only replaced: a message that was sent may be encoded later. */
  #all: Readonly<Record<string, Uint8Array>>;

  constructor(trustDomains: number, bundles: readonly [Uint8Array, Uint8Array]) {
    const names = Array.from({ length: trustDomains }, (_, index) => trustDomainName(index));
    this.#trustDomains = trustDomains;
    this.#bundles = bundles;
    this.#all = Object.fromEntries(names.map((name) => [`spiffe://${name}`, bundles[0]]));
  }

  /** By trust domain ID. */
  get all(): Readonly<Record<string, Uint8Array>> {
    return this.#all;
  }

  /** Another bundle for {@link changedTrustDomain}. */
  changeOne(): void {
    const [before, after] = this.#bundles;
    this.#bundles = [after, before];
    this.#all = { ...this.#all, [`spiffe://${changedTrustDomain(this.#trustDomains)}`]: after };
  }

  /** Takes one of {@link withdrawnTrustDomains} away and brings the other one back, where it was away. */
  withdrawOne(): void {
    const [first, last] = withdrawnTrustDomains(this.#trustDomains);
    this.#isFirstAway = !this.#isFirstAway;
    const [away, there] = this.#isFirstAway ? [first, last] : [last, first];
    const { [`spiffe://${away}`]: bundle, ...others } = this.#all;
    if (bundle === undefined) throw new Error('it is away already');
    this.#all = { ...others, [`spiffe://${there}`]: bundle };
  }
}
