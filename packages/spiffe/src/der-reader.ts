import { SpiffeError } from './spiffe-error.js';

/** The universal tags that certificates use. */
export const DER_TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/**
 * Reads DER forwards through a window of bytes: definite, minimal lengths only, bounds before content, one-byte tags
 * only (nothing in a certificate needs more). Every `read…` consumes one element or throws; {@link end} must be called
 * where nothing may follow.
 * One deviation from DER on purpose: an encoded default value (`cA FALSE`) is read, as every verifier in use does.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#position === this.#end;
  }

  /** Throws unless everything was read. */
  end(): void {
    if (!this.isAtEnd) throw malformed('unexpected bytes after the last element');
  }

  /** The next element's tag; `undefined` at the end. */
  peekTag(): number | undefined {
    return this.isAtEnd ? undefined : this.#bytes[this.#position];
  }

  /** One element of any tag: its tag, and a reader over its content. */
  readAny(): { readonly tag: number; readonly content: DerReader } {
    const tag = this.peekTag() ?? 0;
    const start = this.#pass();
    return { tag, content: new DerReader(this.#bytes, start, this.#position) };
  }

  /** One element that must have `tag`: a reader over its content. */
  read(tag: number): DerReader {
    const start = this.#passTagged(tag);
    return new DerReader(this.#bytes, start, this.#position);
  }

  /** The content octets of one element that must have `tag`. A view, not a copy. */
  readContent(tag: number): Uint8Array {
    const start = this.#passTagged(tag);
    return this.#bytes.subarray(start, this.#position);
  }

  /** The same, or `undefined` (and nothing consumed) when the next element has another tag. */
  readOptional(tag: number): DerReader | undefined {
    return this.peekTag() === tag ? this.read(tag) : undefined;
  }

  /** One whole element, header included, that must have `tag`. A view, not a copy. */
  readRaw(tag: number): Uint8Array {
    const start = this.#position;
    this.#passTagged(tag);
    return this.#bytes.subarray(start, this.#position);
  }

  /** All that is left of the window. A view, not a copy. */
  rest(): Uint8Array {
    const start = this.#position;
    this.#position = this.#end;
    return this.#bytes.subarray(start, this.#end);
  }

  readBoolean(): boolean {
    const start = this.#passTagged(DER_TAG.boolean);
    const value = this.#bytes[start];
    if (this.#position !== start + 1 || (value !== 0 && value !== 0xff)) throw malformed('a BOOLEAN that is not DER');
    return value === 0xff;
  }

  /** Content octets of a minimally encoded INTEGER, two's complement. */
  readInteger(): Uint8Array {
    const content = this.readContent(DER_TAG.integer);
    const first = content[0];
    const second = content[1];
    if (first === undefined) throw malformed('an INTEGER without content');
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      throw malformed('an INTEGER that is not minimal');
    }
    return content;
  }

  /** A non-negative INTEGER below 2^31. */
  readSmallInteger(): number {
    const content = this.readInteger();
    if (content.length > 4 || (content[0] ?? 0) >= 0x80) throw malformed('an INTEGER out of range');
    let value = 0;
    for (let i = 0; i < content.length; i++) value = value * 256 + (content[i] ?? 0);
    return value;
  }

  readBitString(): { readonly unusedBits: number; readonly bits: Uint8Array } {
    const start = this.#passTagged(DER_TAG.bitString);
    const end = this.#position;
    const unusedBits = start === end ? undefined : this.#bytes[start];
    if (unusedBits === undefined || unusedBits > 7) throw malformed('a BIT STRING without a sane count of unused bits');
    const last = end - start === 1 ? undefined : (this.#bytes[end - 1] ?? 0);
    if (last === undefined ? unusedBits !== 0 : (last & ((1 << unusedBits) - 1)) !== 0) {
      throw malformed('a BIT STRING whose unused bits are set');
    }
    return { unusedBits, bits: this.#bytes.subarray(start + 1, end) };
  }

  /** A BIT STRING that holds whole bytes. */
  readBitStringBytes(): Uint8Array {
    const { unusedBits, bits } = this.readBitString();
    if (unusedBits !== 0) throw malformed('a BIT STRING that should hold whole bytes');
    return bits;
  }

  /** An OBJECT IDENTIFIER in dotted form. */
  readOid(): string {
    const start = this.#passTagged(DER_TAG.oid);
    const end = this.#position;
    if (start === end || (this.#bytes[end - 1] ?? 0) >= 0x80) throw malformed('an OBJECT IDENTIFIER that is cut short');
    const known = knownOid(this.#bytes, start, end);
    if (known !== undefined) return known;
    let text = '';
    let arc = 0;
    let large = 0n;
    let arcBytes = 0;
    for (let at = start; at < end; at++) {
      const byte = this.#bytes[at] ?? 0;
      if (arcBytes === 0 && byte === 0x80) throw malformed('an OBJECT IDENTIFIER arc that is not minimal');
      arcBytes++;
      // Numbers hold seven groups of 7 bits exactly; a UUID arc (2.25.…) needs more, a hostile one is refused.
      if (arcBytes > 19) throw malformed('an OBJECT IDENTIFIER arc that is too long');
      if (arcBytes <= 7) arc = arc * 128 + (byte & 0x7f);
      else large = (arcBytes === 8 ? BigInt(arc) : large) * 128n + BigInt(byte & 0x7f);
      if (byte >= 0x80) continue;
      if (text !== '') text += `.${arcBytes <= 7 ? arc : large}`;
      else if (arcBytes > 7) text = `2.${large - 80n}`;
      else text = arc < 40 ? `0.${arc}` : arc < 80 ? `1.${arc - 40}` : `2.${arc - 80}`;
      arc = 0;
      arcBytes = 0;
    }
    return text;
  }

  /** Moves past one element of any tag; returns where its content starts. The content ends at the new position. */
  #pass(): number {
    const tag = this.#readByte();
    if ((tag & 0x1f) === 0x1f) throw malformed('a tag of several bytes');
    const length = this.#readLength();
    // Compared this way round, a hostile length cannot overflow anything.
    if (length > this.#end - this.#position) throw malformed('an element is longer than what holds it');
    const start = this.#position;
    this.#position += length;
    return start;
  }

  #passTagged(tag: number): number {
    if (this.peekTag() !== tag) throw malformed(`expected tag 0x${tag.toString(16)}`);
    return this.#pass();
  }

  #readByte(): number {
    const byte = this.isAtEnd ? undefined : this.#bytes[this.#position];
    if (byte === undefined) throw malformed('bytes end inside an element');
    this.#position++;
    return byte;
  }

  #readLength(): number {
    const first = this.#readByte();
    if (first < 0x80) return first;
    const lengthBytes = first & 0x7f;
    if (lengthBytes === 0) throw malformed('an indefinite length');
    if (lengthBytes > 4) throw malformed('a length of more than four bytes');
    let length = 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + this.#readByte();
    if (length < 0x80 || length < 256 ** (lengthBytes - 1)) throw malformed('a length that is not minimal');
    return length;
  }
}

/** What 55 1D xx and 55 04 xx are: the extensions and name attributes that nearly every certificate is made of. */
const EXTENSION_OIDS = Array.from({ length: 128 }, (_, arc) => `2.5.29.${arc}`);
const ATTRIBUTE_OIDS = Array.from({ length: 128 }, (_, arc) => `2.5.4.${arc}`);
/** What stands before the last arc of an extended key usage, and what that makes of it. */
const PURPOSE_PREFIX = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03];
const PURPOSE_OIDS = Array.from({ length: 128 }, (_, arc) => `1.3.6.1.5.5.7.3.${arc}`);

function knownOid(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start === 3 && bytes[start] === 0x55) {
    const list = bytes[start + 1] === 0x1d ? EXTENSION_OIDS : bytes[start + 1] === 0x04 ? ATTRIBUTE_OIDS : undefined;
    return list?.[bytes[end - 1] ?? 0];
  }
  if (end - start === 8 && PURPOSE_PREFIX.every((byte, index) => bytes[start + index] === byte)) {
    return PURPOSE_OIDS[bytes[end - 1] ?? 0];
  }
  return undefined;
}

/** Peers and servers decide what arrives; an array-like or a number must not slip past a limit or cost an allocation. */
export function requireBytes(value: unknown): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) throw malformed('not bytes at all');
}

function malformed(what: string): SpiffeError {
  return new SpiffeError('der_malformed', `not DER as expected: ${what}`);
}
