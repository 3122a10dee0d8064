import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { Backoff } from '../calls/backoff.js';
import { callFailureOf, describeFailure } from '../calls/call-failure.js';
import { callUnary } from '../calls/unary-call.js';
import type { WorkloadApiClient } from '../calls/workload-api-channel.js';
import type { JWTSVIDResponse } from '../gen/spiffe/workload/workloadapi_pb.js';
import { WorkloadApiError } from '../workload-api-error.js';
import type { WorkloadApiLogger } from '../workload-api-logger.js';
import { type FetchedJwtSvid, type JwtSvidQuestion, readJwtSvidResponse } from './jwt-svid-response.js';

/** Which of our identities is meant by its hint. */
export interface HintWish {
  readonly hint: string;
  /** Whether the first identity will do when none has the hint (W-19). */
  readonly orFirst: boolean;
}

/** One question to the endpoint, with the identity that is wanted of its answer. */
export interface JwtSvidWish extends JwtSvidQuestion {
  readonly wish: HintWish | undefined;
}

/** How to ask. */
export interface FetchJwtSvidOptions {
  readonly openClient: () => WorkloadApiClient;
  readonly clock: () => number;
  /** For all attempts together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly logger: WorkloadApiLogger;
}

/**
 * Asks for a token, again and again within `timeoutMs` while the endpoint cannot be reached.
 *
 * @throws WorkloadApiError `jwt_svid_unavailable`, with the endpoint's answer as `cause`; `response_invalid`; `svid_not_selected`
 */
export async function fetchJwtSvid(question: JwtSvidWish, options: FetchJwtSvidOptions): Promise<FetchedJwtSvid> {
  const { openClient, clock, signal, logger } = options;
  // By the clock that does not jump.
  const endsAt = performance.now() + options.timeoutMs;
  const backoff = new Backoff({ initialMs: 100, maxMs: 2000 });
  const request = { audience: [...question.audience], spiffeId: question.subject?.toString() ?? '' };
  const report = (problem: string): void => logger.warn(problem);
  for (;;) {
    try {
      const response = await callUnary<JWTSVIDResponse>(
        (client, metadata, callOptions, callback) => client.fetchJWTSVID(request, metadata, callOptions, callback),
        { openClient, deadline: Date.now() + endsAt - performance.now(), signal },
      );
      return pick(readJwtSvidResponse(response, question, { now: clock(), report }), question.wish, report);
    } catch (error) {
      if (error instanceof WorkloadApiError) throw error;
      const failure = callFailureOf(error);
      const wait = backoff.next();
      const again = failure.code === status.UNAVAILABLE && !signal.aborted && performance.now() + wait < endsAt;
      if (!again) throw new WorkloadApiError('jwt_svid_unavailable', describeFailure('FetchJWTSVID', failure), { cause: error });
      await sleep(wait, undefined, { signal }).catch(() => {});
    }
  }
}

function pick(
  fetched: readonly [FetchedJwtSvid, ...FetchedJwtSvid[]],
  wish: HintWish | undefined,
  report: (problem: string) => void,
): FetchedJwtSvid {
  const [first] = fetched;
  if (wish === undefined) return first;
  const found = fetched.find(({ svid }) => svid.hint === wish.hint);
  if (found) return found;
  const problem = `there is no JWT-SVID with the hint ${JSON.stringify(wish.hint)}`;
  if (!wish.orFirst) throw new WorkloadApiError('svid_not_selected', problem);
  report(`${problem}; that of ${first.svid.id} is used instead`);
  return first;
}
