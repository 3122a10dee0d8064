import type { JwtAlgorithmSpec } from './jwt-algorithms.js';
import { readJwtHeader } from './jwt-header.js';
import { readJwtPart } from './jwt-part.js';
import { SpiffeError } from './spiffe-error.js';
import { parseSpiffeId, type SpiffeId } from './spiffe-id.js';
import type { JsonObject, JsonValue } from './strict-json.js';

/** Legal tokens are ASCII: one code unit is one byte. */
export const MAX_TOKEN_BYTES = 8192;
const MAX_AUDIENCES = 32;
/** The last second that a `Date` can hold; beyond it no date is meant, and milliseconds soon stop being finite. */
const MAX_SECONDS = 8.64e12;

/** A JWT-SVID that has the right form. Nothing of it is proven: the signature is neither checked nor decoded. */
export interface JwtSvidToken {
  readonly algorithm: JwtAlgorithmSpec;
  readonly kid: string | undefined;
  readonly id: SpiffeId;
  /** Frozen. */
  readonly audience: readonly string[];
  /** `exp`, `nbf` and `iat` in milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly notBefore: number | undefined;
  readonly issuedAt: number | undefined;
  /** Null-prototype, deep frozen. */
  readonly claims: JsonObject;
  /** What the signature is over. */
  readonly signedText: string;
  readonly signatureText: string;
}

/**
 * Takes a token apart (JWS Compact) and checks everything that needs neither key nor clock: J-1 to J-3, J-5, J-8, J-9,
 * J-14, J-26, J-27, and the form of `kid`. Its one parse serves both the choice of the key and the claims.
 * Size before decoding, header before payload.
 */
export function readJwtSvidToken(token: string): JwtSvidToken {
  if (typeof token !== 'string') throw new SpiffeError('jwt_malformed', 'a token must be a string');
  if (token.length > MAX_TOKEN_BYTES) throw new SpiffeError('jwt_too_large', `a token has at most ${MAX_TOKEN_BYTES} bytes`);
  const headerEnd = token.indexOf('.');
  const payloadEnd = token.indexOf('.', headerEnd + 1);
  const threeParts = headerEnd > 0 && payloadEnd > headerEnd + 1 && payloadEnd < token.length - 1;
  if (!threeParts || token.indexOf('.', payloadEnd + 1) !== -1) {
    throw new SpiffeError('jwt_malformed', 'a token has three non-empty parts');
  }
  const { algorithm, kid } = readJwtHeader(token.slice(0, headerEnd));
  const claims = readJwtPart(token.slice(headerEnd + 1, payloadEnd), 'payload');
  const { sub, aud, exp, nbf, iat } = claims;
  const id = readSubject(sub);
  const audience = readAudience(aud);
  const expiresAt = readNumericDate(exp, 'exp');
  if (expiresAt === undefined) throw new SpiffeError('jwt_expiry_missing', 'exp is missing');
  const notBefore = readNumericDate(nbf, 'nbf');
  const issuedAt = readNumericDate(iat, 'iat');
  freezeDeep(claims);
  const signedText = token.slice(0, payloadEnd);
  const signatureText = token.slice(payloadEnd + 1);
  return { algorithm, kid, id, audience, expiresAt, notBefore, issuedAt, claims, signedText, signatureText };
}

function readSubject(sub: JsonValue | undefined): SpiffeId {
  if (typeof sub !== 'string') throw new SpiffeError('jwt_subject', 'sub is missing or not a string');
  let id: SpiffeId;
  try {
    id = parseSpiffeId(sub);
  } catch (cause) {
    throw new SpiffeError('jwt_subject', 'sub is not a SPIFFE ID', { cause });
  }
  if (id.path === '') throw new SpiffeError('jwt_subject', 'sub is the ID of a trust domain, not of a workload');
  return id;
}

function readAudience(aud: JsonValue | undefined): readonly string[] {
  const values = typeof aud === 'string' ? [aud] : aud;
  if (!Array.isArray(values) || values.length === 0) throw new SpiffeError('jwt_audience', 'aud is missing or empty');
  if (values.length > MAX_AUDIENCES) throw new SpiffeError('jwt_too_many_audiences', `aud has at most ${MAX_AUDIENCES} values`);
  if (!values.every((value) => typeof value === 'string'))
    throw new SpiffeError('jwt_audience', 'aud has a value that is no string');
  return Object.freeze(values);
}

function readNumericDate(value: JsonValue | undefined, claim: 'exp' | 'nbf' | 'iat'): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= 0 && value <= MAX_SECONDS) return value * 1000;
  throw new SpiffeError('jwt_numeric_date', `${claim} is not a number of seconds since the epoch`);
}

/** Also refuses numbers beyond the range of a double: they are infinite here, and would be `null` in a policy's input. */
function freezeDeep(value: JsonObject | readonly JsonValue[]): void {
  if (Array.isArray(value)) for (const element of value) freezeMember(element);
  else for (const member in value) freezeMember((value as JsonObject)[member]);
  Object.freeze(value);
}

function freezeMember(value: JsonValue | undefined): void {
  if (typeof value === 'object' && value !== null) freezeDeep(value);
  else if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new SpiffeError('jwt_encoding', 'the payload has a number that is out of range');
  }
}
