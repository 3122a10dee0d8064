import type { JsonObject } from '@bufbuild/protobuf';
import { parseUnverifiedJwtSvid, type SpiffeId, type UnverifiedJwtSvid } from '@dirgate/spiffe';
import { status } from '@grpc/grpc-js';
import { callFailureOf, errorOf } from './calls/call-failure.js';
import { abortedCall, readCallSettings, type WorkloadApiCallOptions } from './calls/call-options.js';
import { callUnary } from './calls/unary-call.js';
import { frozenCopy } from './frozen-copy.js';
import type { ValidateJWTSVIDResponse } from './gen/spiffe/workload/workloadapi_pb.js';
import { causeOf } from './updates/bundle-entry.js';
import { WorkloadApiError } from './workload-api-error.js';

/** A JWT-SVID that the endpoint found valid. Frozen. */
export interface ValidatedJwtSvid {
  readonly id: SpiffeId;
  /** All values of `aud`, ours among them. */
  readonly audience: readonly string[];
  /** `exp`, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** The claims as the endpoint gave them, numbers in double precision. Null-prototype objects, deep frozen. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Lets the endpoint judge a JWT-SVID that was presented to us as `audience` (`ValidateJWTSVID`): J-25, the other way beside
 * `verifyJwtSvid`. What is no JWT-SVID by its form does not leave this process, and an answer that names another subject than the
 * token is refused. The verdict is the endpoint's and of this moment; it is not kept.
 *
 * @throws WorkloadApiError `jwt_svid_invalid` for a token that is not valid; otherwise as `fetchX509Svids`
 */
export async function validateJwtSvid(
  token: string,
  audience: string,
  options: WorkloadApiCallOptions = {},
): Promise<ValidatedJwtSvid> {
  if (typeof audience !== 'string' || audience === '') {
    throw new WorkloadApiError('option_invalid', 'a JWT-SVID is validated for exactly one audience, which is not empty');
  }
  const unverified = readToken(token, audience);
  const { openClient, timeoutMs, signal } = await readCallSettings(options);
  try {
    const response = await callUnary<ValidateJWTSVIDResponse>(
      (client, metadata, callOptions, callback) =>
        client.validateJWTSVID({ audience, svid: token }, metadata, callOptions, callback),
      { openClient, deadline: Date.now() + timeoutMs, signal },
    );
    return readVerdict(response, unverified);
  } catch (error) {
    if (signal?.aborted) throw abortedCall(signal);
    if (error instanceof WorkloadApiError) throw error;
    const failure = callFailureOf(error);
    // Header and audience are there, so that what is invalid is the token (Workload API §6.2.3).
    if (failure.code === status.INVALID_ARGUMENT) throw invalidToken('the endpoint refuses it', error);
    throw errorOf('ValidateJWTSVID', failure);
  }
}

function readToken(token: string, audience: string): UnverifiedJwtSvid {
  let unverified: UnverifiedJwtSvid;
  try {
    unverified = parseUnverifiedJwtSvid(token);
  } catch (cause) {
    throw invalidToken(causeOf(cause), cause);
  }
  if (!unverified.audience.includes(audience)) throw invalidToken('it is for another audience');
  return unverified;
}

/** W-14: both fields are mandatory. */
function readVerdict({ spiffeId, claims }: ValidateJWTSVIDResponse, { id, audience, expiresAt }: UnverifiedJwtSvid) {
  if (spiffeId === '' || claims === undefined || isEmpty(claims)) throw invalidAnswer('a mandatory field is empty');
  if (spiffeId !== id.toString() || claims['sub'] !== spiffeId) throw invalidAnswer('it names another subject than the token');
  return Object.freeze({ id, audience, expiresAt, claims: frozenCopy(claims) });
}

function isEmpty(claims: JsonObject): boolean {
  return Object.keys(claims).length === 0;
}

function invalidToken(why: string, cause?: unknown): WorkloadApiError {
  return new WorkloadApiError('jwt_svid_invalid', `the JWT-SVID is not valid: ${why}`, { cause });
}

function invalidAnswer(why: string): WorkloadApiError {
  return new WorkloadApiError('response_invalid', `a ValidateJWTSVIDResponse is discarded: ${why}`);
}
