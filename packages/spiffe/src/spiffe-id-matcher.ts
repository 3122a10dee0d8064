import { parseSpiffeId, type SpiffeId } from './spiffe-id.js';
import { parseTrustDomain, type TrustDomain } from './trust-domain.js';

/** Says which identities are the expected ones. It compares; that the identity is proven is the verifier's work. */
export interface SpiffeIdMatcher {
  /** For logs and error messages, for example `spiffe://prod.example/dir/*`. */
  readonly description: string;
  matches(id: SpiffeId): boolean;
}

/**
 * Matches exactly this ID.
 *
 * @throws SpiffeError as `parseSpiffeId`
 */
export function matchId(id: string | SpiffeId): SpiffeIdMatcher {
  const expected = asSpiffeId(id);
  return matcher(expected.toString(), (candidate) => candidate.equals(expected));
}

/**
 * Matches each of these IDs.
 *
 * @throws SpiffeError as `parseSpiffeId`
 * @throws TypeError when no ID is given
 */
export function matchAnyOf(...ids: readonly (string | SpiffeId)[]): SpiffeIdMatcher {
  if (ids.length === 0) throw new TypeError('matchAnyOf needs at least one SPIFFE ID');
  const expected = new Set(ids.map((id) => asSpiffeId(id).toString()));
  return matcher([...expected].join(' or '), (candidate) => expected.has(candidate.toString()));
}

/**
 * Matches every ID of this trust domain. A string is the bare name, `prod.example`.
 *
 * @throws SpiffeError as `parseTrustDomain`
 */
export function matchTrustDomain(trustDomain: string | TrustDomain): SpiffeIdMatcher {
  const expected = typeof trustDomain === 'string' ? parseTrustDomain(trustDomain) : trustDomain;
  return matcher(`${expected.id}/*`, (candidate) => candidate.trustDomain.equals(expected));
}

/**
 * Matches this ID and every ID below it: `spiffe://td/dir` covers `spiffe://td/dir/store`, not `spiffe://td/directory`.
 *
 * @throws SpiffeError as `parseSpiffeId`
 * @throws TypeError for an ID without a path; a whole trust domain is asked for by {@link matchTrustDomain}
 */
export function matchPathPrefix(prefix: string | SpiffeId): SpiffeIdMatcher {
  const expected = asSpiffeId(prefix);
  if (expected.path === '') throw new TypeError('matchPathPrefix needs a path; use matchTrustDomain for a whole trust domain');
  const below = `${expected}/`;
  return matcher(`${below}*`, (candidate) => candidate.equals(expected) || candidate.toString().startsWith(below));
}

/**
 * Matches what every one of these matches. Asked about an ID, a combination throws a `TypeError` when a matcher of somebody's own
 * making answers neither `true` nor `false`.
 *
 * @throws TypeError when none is given, or one is no matcher
 */
export function allOf(...matchers: readonly SpiffeIdMatcher[]): SpiffeIdMatcher {
  const every = requireMatchers('allOf', matchers);
  return matcher(joined(every, ' and '), (candidate) => every.every((one) => answerOf(one, candidate)));
}

/**
 * Matches what at least one of these matches.
 *
 * @throws TypeError when none is given, or one is no matcher
 */
export function anyOf(...matchers: readonly SpiffeIdMatcher[]): SpiffeIdMatcher {
  const some = requireMatchers('anyOf', matchers);
  return matcher(joined(some, ' or '), (candidate) => some.some((one) => answerOf(one, candidate)));
}

/**
 * Matches what this one does not, workloads of every other trust domain among them: nearly always the wanted thing is
 * `allOf(matchTrustDomain('prod.example'), not(matchPathPrefix('spiffe://prod.example/guest')))`.
 *
 * @throws TypeError for anything but a matcher
 */
export function not(unwanted: SpiffeIdMatcher): SpiffeIdMatcher {
  const [one] = requireMatchers('not', [unwanted]);
  return matcher(`not (${one.description})`, (candidate) => !answerOf(one, candidate));
}

/** An answer that is neither true nor false, a promise say, could turn into its opposite on the way through `not`. */
function answerOf(one: SpiffeIdMatcher, candidate: SpiffeId): boolean {
  const answer: unknown = one.matches(candidate);
  if (typeof answer !== 'boolean') throw new TypeError(`the matcher ${one.description} answered neither true nor false`);
  return answer;
}

/** A copy, so that nobody adds to it later. */
function requireMatchers(
  name: string,
  matchers: readonly SpiffeIdMatcher[],
): readonly [SpiffeIdMatcher, ...(readonly SpiffeIdMatcher[])] {
  const [first, ...others] = matchers;
  if (first === undefined || matchers.some((one) => typeof one?.matches !== 'function')) {
    throw new TypeError(`${name} needs matchers, as matchId and its like make them`);
  }
  return [first, ...others];
}

function joined(matchers: readonly SpiffeIdMatcher[], word: string): string {
  return matchers.map(({ description }) => (matchers.length === 1 ? description : `(${description})`)).join(word);
}

function matcher(description: string, matches: (id: SpiffeId) => boolean): SpiffeIdMatcher {
  return Object.freeze({ description, matches });
}

function asSpiffeId(id: string | SpiffeId): SpiffeId {
  return typeof id === 'string' ? parseSpiffeId(id) : id;
}
