import { type JwtSvid, parseSpiffeId, parseUnverifiedJwtSvid, type SpiffeId } from '@dirgate/spiffe';
import type { JWTSVID, JWTSVIDResponse } from '../gen/spiffe/workload/workloadapi_pb.js';
import { readHint } from '../svid-selection.js';
import { type BundleReport, causeOf } from '../updates/bundle-entry.js';
import { WorkloadApiError } from '../workload-api-error.js';

const MAX_SVIDS = 100;

/** One question to the endpoint. */
export interface JwtSvidQuestion {
  /** Sorted, without duplicates, at least one. */
  readonly audience: readonly string[];
  readonly subject: SpiffeId | undefined;
}

/** A token of our own, with the time at which to look for the next one. */
export interface FetchedJwtSvid {
  readonly svid: JwtSvid;
  /** Half of its life, ms since the epoch. */
  readonly refreshAt: number;
}

/**
 * Reads an answer to `question`. The tokens' own claims are compared with the question; their signatures are not checked, that is
 * the receiver's part. Of several with one hint the first counts (W-17).
 *
 * @throws WorkloadApiError `response_invalid`
 */
export function readJwtSvidResponse(
  { svids }: JWTSVIDResponse,
  question: JwtSvidQuestion,
  { now, report }: { readonly now: number; readonly report: BundleReport },
): readonly [FetchedJwtSvid, ...FetchedJwtSvid[]] {
  if (svids.length > MAX_SVIDS) throw invalid(`it holds more than ${MAX_SVIDS} SVIDs`);
  if (svids.some(({ spiffeId, svid }) => spiffeId === '' || svid === '')) throw invalid('a mandatory field is empty');
  const hints = new Set<string>();
  const fetched: FetchedJwtSvid[] = [];
  for (const message of svids) {
    const entry = readSvid(message, question, now, report);
    const { id, hint } = entry.svid;
    if (hint !== '' && hints.has(hint)) {
      report(`a second JWT-SVID has the hint of another; that of ${id} is ignored`);
      continue;
    }
    hints.add(hint);
    fetched.push(entry);
  }
  const [first, ...others] = fetched;
  if (!first) throw invalid('a mandatory field is empty');
  return [first, ...others];
}

function readSvid(message: JWTSVID, { audience, subject }: JwtSvidQuestion, now: number, report: BundleReport): FetchedJwtSvid {
  let claims: ReturnType<typeof parseUnverifiedJwtSvid>;
  let id: SpiffeId;
  try {
    claims = parseUnverifiedJwtSvid(message.svid);
    id = parseSpiffeId(message.spiffeId);
  } catch (cause) {
    throw invalid(causeOf(cause), cause);
  }
  if (!claims.id.equals(id)) throw invalid('spiffe_id is not the subject of the token');
  if (subject && !id.equals(subject)) throw invalid('it names another subject than was asked for');
  if (audience.some((value) => !claims.audience.includes(value))) throw invalid('an audience that was asked for is missing');
  if (!(now < claims.expiresAt)) throw invalid('the token has expired');
  const issuedAt = Math.min(claims.issuedAt ?? now, now);
  return {
    svid: Object.freeze({ id, token: message.svid, expiresAt: claims.expiresAt, hint: readHint(message.hint, report) }),
    refreshAt: issuedAt + (claims.expiresAt - issuedAt) / 2,
  };
}

/** W-22: the audience is mandatory. Sorted, each value once. @throws WorkloadApiError `option_invalid` */
export function readAudience(audience: string | readonly string[]): readonly string[] {
  if (typeof audience === 'string' && audience !== '') return [audience];
  const values = [...audience];
  if (values.length === 0 || values.some((value) => typeof value !== 'string' || value === '')) {
    throw new WorkloadApiError('option_invalid', 'a JWT-SVID is fetched for at least one audience, none of them empty');
  }
  return [...new Set(values)].sort();
}

function invalid(why: string, cause?: unknown): WorkloadApiError {
  return new WorkloadApiError('response_invalid', `a JWTSVIDResponse is discarded: ${why}`, { cause });
}
