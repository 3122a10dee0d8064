import { copyOf } from './copied-text.js';
import { type JwtAlgorithmSpec, jwtAlgorithm } from './jwt-algorithms.js';
import { readJwtPart } from './jwt-part.js';
import { OldestOut } from './oldest-out.js';
import { SpiffeError } from './spiffe-error.js';

/** What the header of a JWT-SVID may say (J-2, J-3, J-5); nothing of it is proven. */
export interface JwtHeader {
  readonly algorithm: JwtAlgorithmSpec;
  readonly kid: string | undefined;
}

/**
 * All tokens of one key have the same header, letter by letter, and reading it takes a third of the time that reading a token
 * does. What a header says depends on its text alone, so nobody can gain from what is remembered here.
 */
const known = new OldestOut<JwtHeader>(64);
const MAX_KNOWN_LENGTH = 256;

/** Reads the first part of a token. @throws SpiffeError */
export function readJwtHeader(text: string): JwtHeader {
  const before = known.get(text);
  if (before !== undefined) return before;
  const header = readHeader(text);
  if (text.length <= MAX_KNOWN_LENGTH) known.add(copyOf(text), header);
  return header;
}

function readHeader(text: string): JwtHeader {
  const header = readJwtPart(text, 'header');
  const { alg, typ, kid } = header;
  const algorithm = jwtAlgorithm(alg);
  if (algorithm === undefined) throw new SpiffeError('jwt_algorithm', 'alg is none of the nine that JWT-SVID allows');
  for (const member in header) {
    if (member !== 'alg' && member !== 'kid' && member !== 'typ') {
      throw new SpiffeError('jwt_header_member', 'the header has a member other than alg, kid and typ');
    }
  }
  if (typ !== undefined && typ !== 'JWT' && typ !== 'JOSE') throw new SpiffeError('jwt_type', 'typ is neither JWT nor JOSE');
  if (kid === undefined || (typeof kid === 'string' && kid !== '')) return Object.freeze({ algorithm, kid });
  throw new SpiffeError('jwt_key_id', 'kid is not a non-empty string');
}
