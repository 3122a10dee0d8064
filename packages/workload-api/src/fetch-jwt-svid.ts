import { setTimeout as sleep } from 'node:timers/promises';
import { type JwtSvid, parseSpiffeId, parseUnverifiedJwtSvid, type SpiffeId } from '@dirgate/spiffe';
import { status } from '@grpc/grpc-js';
import { Backoff } from './backoff.js';
import { causeOf } from './bundle-map.js';
import { callFailureOf, describeFailure } from './call-failure.js';
import type { JWTSVIDResponse } from './gen/spiffe/workload/workloadapi_pb.js';
import { securityHeader, type WorkloadApiClient } from './workload-api-channel.js';
import { WorkloadApiError } from './workload-api-error.js';

const MAX_HINT_BYTES = 1024;

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

/** How to ask. */
export interface FetchJwtSvidOptions {
  readonly openClient: () => WorkloadApiClient;
  readonly clock: () => number;
  /** For all attempts together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks for a token, again and again within `timeoutMs` while the endpoint cannot be reached. The token's own claims are
 * compared with the question; its signature is not checked, that is the receiver's part.
 *
 * @throws WorkloadApiError `jwt_svid_unavailable`, with the endpoint's answer as `cause`; `response_invalid`
 */
export async function fetchJwtSvid(question: JwtSvidQuestion, options: FetchJwtSvidOptions): Promise<FetchedJwtSvid> {
  const deadline = Date.now() + options.timeoutMs;
  const backoff = new Backoff({ initialMs: 100, maxMs: 2000 });
  for (;;) {
    try {
      return readAnswer(await ask(question, options, deadline), question, options.clock());
    } catch (error) {
      if (error instanceof WorkloadApiError) throw error;
      const failure = callFailureOf(error);
      const wait = backoff.next();
      const again = failure.code === status.UNAVAILABLE && !options.signal.aborted && Date.now() + wait < deadline;
      if (!again) throw new WorkloadApiError('jwt_svid_unavailable', describeFailure('FetchJWTSVID', failure), { cause: error });
      await sleep(wait, undefined, { signal: options.signal }).catch(() => {});
    }
  }
}

function ask(
  { audience, subject }: JwtSvidQuestion,
  { openClient, signal }: FetchJwtSvidOptions,
  deadline: number,
): Promise<JWTSVIDResponse> {
  return new Promise((resolve, reject) => {
    const client = openClient();
    const request = { audience: [...audience], spiffeId: subject?.toString() ?? '' };
    const call = client.fetchJWTSVID(request, securityHeader(), { deadline }, (error, response) => {
      signal.removeEventListener('abort', cancel);
      client.close();
      if (error) reject(error);
      else if (response) resolve(response);
      else reject(new WorkloadApiError('response_invalid', 'FetchJWTSVID: no message'));
    });
    const cancel = (): void => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
  });
}

function readAnswer({ svids }: JWTSVIDResponse, { audience, subject }: JwtSvidQuestion, now: number): FetchedJwtSvid {
  const [first] = svids;
  if (!first || svids.some(({ spiffeId, svid }) => spiffeId === '' || svid === '')) throw invalid('a mandatory field is empty');
  let claims: ReturnType<typeof parseUnverifiedJwtSvid>;
  let id: SpiffeId;
  try {
    claims = parseUnverifiedJwtSvid(first.svid);
    id = parseSpiffeId(first.spiffeId);
  } catch (cause) {
    throw invalid(causeOf(cause), cause);
  }
  if (!claims.id.equals(id)) throw invalid('spiffe_id is not the subject of the token');
  if (subject && !id.equals(subject)) throw invalid('it names another subject than was asked for');
  if (audience.some((value) => !claims.audience.includes(value))) throw invalid('an audience that was asked for is missing');
  if (claims.expiresAt <= now) throw invalid('the token has expired');
  const issuedAt = Math.min(claims.issuedAt ?? now, now);
  const hint = Buffer.byteLength(first.hint) <= MAX_HINT_BYTES ? first.hint : '';
  return {
    svid: Object.freeze({ id, token: first.svid, expiresAt: claims.expiresAt, hint }),
    refreshAt: issuedAt + (claims.expiresAt - issuedAt) / 2,
  };
}

function invalid(why: string, cause?: unknown): WorkloadApiError {
  return new WorkloadApiError('response_invalid', `a JWTSVIDResponse is discarded: ${why}`, { cause });
}
