import { isUtf8 } from 'node:buffer';
import { decodeBase64Url } from './base64url.js';
import { SpiffeError } from './spiffe-error.js';
import { isJsonObject, type JsonFault, type JsonObject, parseStrictJson } from './strict-json.js';

export type JwtPart = 'header' | 'payload';

const FAULTS: Readonly<Record<JwtPart, (fault: JsonFault) => SpiffeError>> = {
  header: (fault) => partError(fault, 'header'),
  payload: (fault) => partError(fault, 'payload'),
};

/** Reads the header or the payload of a token as the JSON object that it must be. @throws SpiffeError */
export function readJwtPart(text: string, part: JwtPart): JsonObject {
  const bytes = decodeBase64Url(text);
  if (bytes === undefined) throw new SpiffeError('jwt_encoding', `the ${part} is not canonical base64url`);
  if (!isUtf8(bytes)) throw new SpiffeError('jwt_encoding', `the ${part} is not UTF-8`);
  // Buffer keeps a byte order mark, TextDecoder would drop it; the scanner refuses it.
  const value = parseStrictJson(bytes.toString('utf8'), FAULTS[part]);
  if (!isJsonObject(value)) throw new SpiffeError('jwt_malformed', `the ${part} is not a JSON object`);
  return value;
}

function partError(fault: JsonFault, part: JwtPart): SpiffeError {
  switch (fault) {
    case 'syntax':
      return new SpiffeError('jwt_encoding', `the ${part} is not JSON`);
    case 'duplicate-member':
      return new SpiffeError('jwt_duplicate_member', `an object of the ${part} has two members of one name`);
    case 'depth':
      return new SpiffeError('jwt_too_deep', `the ${part} is nested too deeply`);
  }
}
