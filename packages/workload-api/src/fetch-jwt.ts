import type { JwtBundle, JwtSvid, SpiffeId } from '@dirgate/spiffe';
import { callFailureOf, errorOf } from './calls/call-failure.js';
import { abortedCall, readCallSettings, type WorkloadApiCallOptions } from './calls/call-options.js';
import { readFirstMessage } from './calls/first-message.js';
import { callUnary } from './calls/unary-call.js';
import type { JWTSVIDResponse } from './gen/spiffe/workload/workloadapi_pb.js';
import { readAudience, readJwtSvidResponse } from './jwt-svid/jwt-svid-response.js';
import { readJwtUpdate } from './updates/jwt-update.js';
import { readBundles } from './updates/read-bundles.js';
import { WorkloadApiError } from './workload-api-error.js';

/** What tokens {@link fetchJwtSvids} asks for. */
export interface FetchJwtSvidsRequest {
  /** The audience the tokens are for (W-22). One value is advised (J-28). */
  readonly audience: string | readonly string[];
  /** The one identity that is wanted; default: all of ours. */
  readonly subject?: SpiffeId;
}

/**
 * Asks once for JWT-SVIDs of ours (`FetchJWTSVID`): one of each identity, newly made or from the agent's cache. Subject, audience
 * and time of each fit what was asked for; the signatures are not checked, that is the receiver's part. A connected client's
 * `fetchJwtSvid` caches and renews.
 *
 * @throws WorkloadApiError as `fetchX509Svids`
 */
export async function fetchJwtSvids(
  request: FetchJwtSvidsRequest,
  options: WorkloadApiCallOptions = {},
): Promise<readonly JwtSvid[]> {
  const question = { audience: readAudience(request.audience), subject: request.subject };
  const { openClient, timeoutMs, signal, logger, clock } = await readCallSettings(options);
  const message = { audience: [...question.audience], spiffeId: question.subject?.toString() ?? '' };
  try {
    const response = await callUnary<JWTSVIDResponse>(
      (client, metadata, callOptions, callback) => client.fetchJWTSVID(message, metadata, callOptions, callback),
      { openClient, deadline: Date.now() + timeoutMs, signal },
    );
    const fetched = readJwtSvidResponse(response, question, { now: clock(), report: (problem) => logger.warn(problem) });
    return Object.freeze(fetched.map(({ svid }) => svid));
  } catch (error) {
    if (signal?.aborted) throw abortedCall(signal);
    if (error instanceof WorkloadApiError) throw error;
    throw errorOf('FetchJWTSVID', callFailureOf(error));
  }
}

/**
 * Asks once for the JWT bundles of our own and the federated trust domains (`FetchJWTBundles`), by trust domain name. A bundle that
 * cannot be read was left out and told to the logger; one without keys trusts nothing (B-2).
 *
 * @throws WorkloadApiError as `fetchX509Svids`
 */
export async function fetchJwtBundles(options: WorkloadApiCallOptions = {}): Promise<ReadonlyMap<string, JwtBundle>> {
  const settings = await readCallSettings(options);
  const { maxBundles, maxFederatedBundleBytes, logger, clock } = settings;
  const context = { previous: undefined, maxBundles, maxFederatedBundleBytes, report: (text: string) => logger.warn(text) };
  const snapshot = await readFirstMessage('FetchJWTBundles', settings, (message) =>
    readJwtUpdate(message, { ...context, ownTrustDomains: () => [], now: clock() }),
  );
  return readBundles(snapshot.bundles);
}
