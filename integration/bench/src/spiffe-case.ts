/** One thing to measure: the same work for each of a number of credentials, all of them different. */
export interface SpiffeCase {
  readonly name: string;
  /** How many trust domains the bundle set holds; the credentials are spread over them. */
  readonly trustDomains: number;
  /** `remembered`: proven before. `floor`: not our code, but the least that any code would do. */
  readonly kind: 'cold' | 'remembered' | 'floor';
  /** How many signatures a cold verification has to check. */
  readonly signatures: number;
  /** Credentials there are; the works below take the number of one. */
  readonly credentials: number;
  /** Throws when the credential is refused. */
  readonly subject: (index: number) => void;
  /** The `crypto.verify` calls that a cold verification needs and nothing else: keys imported, bytes cut out. */
  readonly neededVerifies: (index: number) => void;
  /** The first of them. */
  readonly oneVerify: (index: number) => void;
  readonly goal: SpiffeGoal | undefined;
}

/** What the project set out to reach. */
export type SpiffeGoal = { readonly timesOneVerify: number } | { readonly micros: number };

/** A verdict that is remembered. */
export const REMEMBERED_GOAL: SpiffeGoal = { micros: 3 };
/** Fewer than there are credentials, so that a verifier that remembers never knows the next one. */
export const SHORT_MEMORY = 16;

/** Work on credential number `index`. */
export function workOn<C>(credentials: readonly C[], act: (credential: C) => unknown): (index: number) => void {
  return (index) => {
    const credential = credentials[index];
    if (credential === undefined) throw new RangeError('there is no such credential');
    act(credential);
  };
}

/** The trust domain of credential number `index`, when they are spread evenly over all there are. */
export function trustDomainOf(index: number, trustDomains: number, credentials: number): number {
  return Math.floor((index * trustDomains) / credentials);
}

export function trustDomainName(trustDomain: number): string {
  return `td-${trustDomain}.example`;
}

/** The identity of credential number `index`. */
export function workloadId(index: number, trustDomains: number, credentials: number): string {
  const name = trustDomainName(trustDomainOf(index, trustDomains, credentials));
  return `spiffe://${name}/ns/bench/sa/workload-${index}`;
}

/** A raw check that fails would be no measure of one that does not. */
export function requireVerified(verified: boolean): void {
  if (!verified) throw new Error('a raw signature check failed');
}
