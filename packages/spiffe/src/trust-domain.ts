import { copyOf } from './copied-text.js';
import { SpiffeError } from './spiffe-error.js';

const MAX_NAME_BYTES = 255;

let create: (name: string) => TrustDomain;

/**
 * The name of a trust domain, for example `prod.example`. Immutable; only {@link parseTrustDomain} and
 * `parseSpiffeId` make one, so holding one means that its name obeys SPIFFE-ID §2.1.
 * It says nothing about whether that domain is trusted.
 */
export class TrustDomain {
  /** The bare name, lower case. Any legal name is possible (`constructor`, `10.0.0.1`, `..`): look it up in a `Map`. */
  readonly name: string;
  /** The trust domain's own SPIFFE ID, `spiffe://` + {@link name}. */
  readonly id: string;
  /** Makes the type nominal: an object literal of the same shape is no trust domain. */
  declare private readonly parsed: true;

  static {
    create = (name) => new TrustDomain(name);
  }

  private constructor(name: string) {
    this.name = name;
    this.id = `spiffe://${name}`;
    Object.freeze(this);
  }

  /** Byte-for-byte comparison; nothing is folded, because nothing upper-case gets in (ID-10). */
  equals(other: TrustDomain): boolean {
    return this.name === other.name;
  }

  /** The bare name. */
  toString(): string {
    return this.name;
  }
}

/**
 * Reads a bare trust domain name (not a SPIFFE ID), SPIFFE-ID §2.1.
 * Upper case is refused, not folded (D1). A name that looks like an IP address or a DNS name, or like neither, is
 * treated no differently (ID-6).
 *
 * @throws SpiffeError `id_not_text`, `trust_domain_empty`, `trust_domain_character`, `trust_domain_too_long`,
 * `id_userinfo_or_port`, `id_query_or_fragment`, `id_control_character`
 */
export function parseTrustDomain(name: string): TrustDomain {
  if (typeof name !== 'string') throw new SpiffeError('id_not_text', 'a trust domain name must be a string');
  return readTrustDomain(name, 0, name.length);
}

/** The scanner behind {@link parseTrustDomain}, on a slice of a longer text. Not public. */
export function readTrustDomain(text: string, start: number, end: number): TrustDomain {
  if (end === start) throw new SpiffeError('trust_domain_empty', 'the trust domain name is empty');
  // Before the loop, so that a hostile length costs nothing. Legal names are ASCII: one code unit is one byte.
  if (end - start > MAX_NAME_BYTES) {
    throw new SpiffeError('trust_domain_too_long', `a trust domain name has at most ${MAX_NAME_BYTES} bytes`);
  }
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if (!isTrustDomainCharacter(c)) throw trustDomainCharacterError(c, i);
  }
  // A name is looked up again and again, and a slice of a longer text is slow to find in a Map: two to five times.
  return create(end - start === text.length ? text : copyOf(text.slice(start, end)));
}

/** `a-z 0-9 . - _`, SPIFFE-ID §2.1. */
function isTrustDomainCharacter(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || c === 0x2e || c === 0x2d || c === 0x5f;
}

function trustDomainCharacterError(c: number, offset: number): SpiffeError {
  if (c < 0x20 || c === 0x7f) return new SpiffeError('id_control_character', `control character at offset ${offset}`);
  switch (String.fromCharCode(c)) {
    case '?':
    case '#':
      return new SpiffeError('id_query_or_fragment', `query or fragment at offset ${offset}`);
    case '@':
    case ':':
      return new SpiffeError('id_userinfo_or_port', `user info or port at offset ${offset}`);
    default:
      return new SpiffeError('trust_domain_character', `a trust domain name must not hold the character at offset ${offset}`);
  }
}
