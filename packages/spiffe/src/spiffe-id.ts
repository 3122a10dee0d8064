import { SpiffeError } from './spiffe-error.js';
import { readTrustDomain, type TrustDomain } from './trust-domain.js';

const MAX_ID_BYTES = 2048;
const SCHEME = 'spiffe://';
const SLASH = 0x2f;

let create: (trustDomain: TrustDomain, path: string, text: string) => SpiffeId;

/**
 * A SPIFFE ID, for example `spiffe://prod.example/agent/a1`. Immutable; holding one means that its text obeys
 * SPIFFE-ID §2, and nothing more: it is proof of an identity only where a verified SVID stands beside it (ID-12).
 */
export class SpiffeId {
  readonly trustDomain: TrustDomain;
  /** `''` for the trust domain's own ID, otherwise `/` and segments: `/agent/a1`. Case-sensitive. */
  readonly path: string;
  readonly #text: string;
  #segments: readonly string[] | undefined;

  static {
    create = (trustDomain, path, text) => new SpiffeId(trustDomain, path, text);
  }

  private constructor(trustDomain: TrustDomain, path: string, text: string) {
    this.trustDomain = trustDomain;
    this.path = path;
    this.#text = text;
    Object.freeze(this);
  }

  /** The path's segments, `['agent', 'a1']`; empty for a trust domain's own ID. Frozen, and the same list each time. */
  get segments(): readonly string[] {
    // Taken apart when somebody asks: few do, and an ID is made for every SVID that is verified.
    this.#segments ??= Object.freeze(this.path === '' ? [] : this.path.slice(1).split('/'));
    return this.#segments;
  }

  /** Byte-for-byte comparison of the whole ID (ID-10). */
  equals(other: SpiffeId): boolean {
    return this.#text === other.#text;
  }

  /** The ID's text; the only spelling that it has. */
  toString(): string {
    return this.#text;
  }

  /** The ID's text, so that an ID in a log record or an audit event reads as one. */
  toJSON(): string {
    return this.#text;
  }
}

/**
 * Reads a SPIFFE ID strictly (SPIFFE-ID §2): nothing is folded, decoded, trimmed or normalized.
 * Both a trust domain's own ID (`spiffe://td`) and a workload's (`spiffe://td/a`) are valid here.
 *
 * @throws SpiffeError `id_not_text`, `id_scheme`, `id_too_long`, `id_path_character`, `id_path_segment`,
 * `id_query_or_fragment`, `id_control_character`, and what `parseTrustDomain` throws
 */
export function parseSpiffeId(text: string): SpiffeId {
  // Own scanner: WHATWG URL repairs what must be refused (empty port, dot segments, tabs, newline).
  if (typeof text !== 'string') throw new SpiffeError('id_not_text', 'a SPIFFE ID must be a string');
  requireLength(text.length);
  if (!text.startsWith(SCHEME)) throw new SpiffeError('id_scheme', `a SPIFFE ID starts with ${SCHEME} in lower case`);
  const slash = text.indexOf('/', SCHEME.length);
  const authorityEnd = slash === -1 ? text.length : slash;
  const trustDomain = readTrustDomain(text, SCHEME.length, authorityEnd);
  checkPath(text, authorityEnd);
  return create(trustDomain, text.slice(authorityEnd), text);
}

/**
 * Puts an ID together from a trust domain and path segments; no segment makes the trust domain's own ID.
 * A segment is one segment: a `/` inside of it is refused.
 *
 * @throws SpiffeError `id_not_text`, `id_too_long`, `id_path_character`, `id_path_segment`, `id_query_or_fragment`,
 * `id_control_character`
 */
export function createSpiffeId(trustDomain: TrustDomain, ...segments: readonly string[]): SpiffeId {
  let length = trustDomain.id.length;
  for (const segment of segments) {
    if (typeof segment !== 'string') throw new SpiffeError('id_not_text', 'a path segment must be a string');
    if (segment.includes('/')) throw new SpiffeError('id_path_character', 'a path segment must not hold a slash');
    length += segment.length + 1;
  }
  requireLength(length);
  const path = segments.map((segment) => `/${segment}`).join('');
  checkPath(path, 0);
  return create(trustDomain, path, trustDomain.id + path);
}

/** Legal IDs are ASCII, so one code unit is one byte; anything else is refused by the scanners. */
function requireLength(length: number): void {
  if (length > MAX_ID_BYTES) throw new SpiffeError('id_too_long', `a SPIFFE ID has at most ${MAX_ID_BYTES} bytes`);
}

/** Checks that `text` from `start` on is empty or a path of legal segments (SPIFFE-ID §2.2). */
function checkPath(text: string, start: number): void {
  let segmentStart = start + 1;
  for (let i = segmentStart; i <= text.length; i++) {
    const c = i === text.length ? SLASH : text.charCodeAt(i);
    if (c === SLASH) {
      checkSegment(text, segmentStart, i);
      segmentStart = i + 1;
    } else if (!isPathCharacter(c)) {
      throw pathCharacterError(c, i);
    }
  }
}

function checkSegment(text: string, start: number, end: number): void {
  if (start === end) throw new SpiffeError('id_path_segment', 'a path has no empty segment and no trailing slash');
  if (text[start] !== '.') return;
  const dots = end - start === 1 || (end - start === 2 && text[start + 1] === '.');
  if (dots) throw new SpiffeError('id_path_segment', 'a path has no "." and no ".." segment');
}

/** `a-z A-Z 0-9 . - _`, SPIFFE-ID §2.2. */
function isPathCharacter(c: number): boolean {
  return (
    (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || (c >= 0x30 && c <= 0x39) || c === 0x2e || c === 0x2d || c === 0x5f
  );
}

function pathCharacterError(c: number, offset: number): SpiffeError {
  if (c < 0x20 || c === 0x7f) return new SpiffeError('id_control_character', `control character at offset ${offset}`);
  // '?' and '#'
  if (c === 0x3f || c === 0x23) return new SpiffeError('id_query_or_fragment', `query or fragment at offset ${offset}`);
  return new SpiffeError('id_path_character', `a path must not hold the character at offset ${offset}`);
}
