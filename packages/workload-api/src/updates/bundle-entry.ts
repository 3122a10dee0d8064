import { thrownText } from '@dirgate/live';
import { SpiffeError, type TrustDomain } from '@dirgate/spiffe';

/** A bundle of either kind: two with the same keys are one generation. */
export interface ComparableBundle<Bundle> {
  equals(other: Bundle): boolean;
}

/** One entry of a response that was left out, and why. */
export type BundleReport = (problem: string) => void;

/** How the bytes of a bundle are read, and whom to tell when they are no bundle. */
export interface BundleReader<Bundle> {
  readonly parse: (trustDomain: TrustDomain, raw: Uint8Array) => Bundle;
  readonly report: BundleReport;
}

/**
 * One bundle of a message, read when somebody first asks for it: of ten thousand federated trust domains a workload meets a few.
 * What cannot be read is no bundle, hence never trusted, and is reported once (TW-7).
 */
export class BundleEntry<Bundle extends ComparableBundle<Bundle>> {
  readonly trustDomain: TrustDomain;
  readonly raw: Uint8Array;
  #reader: BundleReader<Bundle> | undefined;
  #bundle: Bundle | undefined;
  #failure: unknown;
  #isWanted: boolean;

  /**
   * `known`: the object that readers may hold; it is given again when these bytes say the same (SPIRE shuffles JWT keys).
   * `isWanted`: whether they asked for the one before.
   */
  constructor(
    trustDomain: TrustDomain,
    raw: Uint8Array,
    reader: BundleReader<Bundle>,
    known: Bundle | undefined,
    isWanted = false,
  ) {
    this.trustDomain = trustDomain;
    this.#isWanted = isWanted;
    // A copy: the bytes of a message are windows on the whole message, which would live as long as one of its bundles.
    this.raw = new Uint8Array(raw);
    this.#reader = reader;
    this.#bundle = known;
  }

  /** The bundle; `undefined` when the bytes are none. The same object each time. */
  get bundle(): Bundle | undefined {
    this.#isWanted = true;
    return this.look();
  }

  /** As {@link bundle}, on nobody's behalf. */
  look(): Bundle | undefined {
    if (this.#reader !== undefined) this.#read(this.#reader);
    return this.#bundle;
  }

  /** As {@link bundle}, but throws what is wrong with the bytes. */
  require(): Bundle {
    const { bundle } = this;
    if (bundle === undefined) throw this.#failure;
    return bundle;
  }

  /** Whether the bytes were looked at yet. */
  get isRead(): boolean {
    return this.#reader === undefined;
  }

  /** Whether a reader ever asked for this trust domain's bundle, and may hold what rests on it. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** The newest object that a reader may hold, without reading anything. */
  get known(): Bundle | undefined {
    return this.#bundle;
  }

  #read({ parse, report }: BundleReader<Bundle>): void {
    const { trustDomain } = this;
    this.#reader = undefined;
    try {
      const bundle = parse(trustDomain, this.raw);
      if (!this.#bundle?.equals(bundle)) this.#bundle = bundle;
    } catch (error) {
      this.#bundle = undefined;
      this.#failure = error;
      report(`the bundle of ${trustDomain.id} cannot be read (${causeOf(error)}); it is not trusted`);
    }
  }
}

/** What an error may show in a report: a code where there is one. */
export function causeOf(error: unknown): string {
  if (error instanceof SpiffeError) return error.code;
  return thrownText(error);
}
