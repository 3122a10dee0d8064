import { hexOf } from './byte-text.js';
import { DER_TAG, DerReader } from './der-reader.js';

/** One attribute of a Name: its type as a dotted OID, the tag of its value and the content octets. */
export interface NameAttribute {
  readonly type: string;
  readonly tag: number;
  readonly value: Uint8Array;
}

/** UTF8String and the string types whose characters are ASCII: Numeric-, Printable-, IA5- and VisibleString. */
const UTF8_STRING = 0x0c;
const ASCII_STRINGS: ReadonlySet<number> = new Set([0x12, 0x13, 0x16, 0x1a]);
/** Teletex-, Videotex-, Graphic-, General-, Universal- and BMPString: text, but not in characters that we compare. */
const OTHER_STRINGS: ReadonlySet<number> = new Set([0x14, 0x15, 0x19, 0x1b, 0x1c, 0x1e]);
/** Text longer than this is not compared. RFC 5280, appendix A.1 allows most attributes 64 characters. */
const MAX_TEXT_BYTES = 1024;

const PLAIN_TEXT = /^[\x20-\x7e]*$/;
/** What RFC 4518 drops or prohibits before a comparison; a name that needs it is not worth the doubt. */
const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}\ufffc\ufffd]/u;
/** Which letter this is the small form of depends on the language. */
const DOTLESS_I = '\u0131';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads one Name, a list of sets of attributes, and nothing after it. @throws SpiffeError `der_malformed` */
export function readDistinguishedName(der: Uint8Array, visit?: (attribute: NameAttribute, rdn: number) => void): void {
  const outer = new DerReader(der);
  const rdns = outer.read(DER_TAG.sequence);
  outer.end();
  for (let rdn = 0; !rdns.isAtEnd; rdn++) {
    const set = rdns.read(DER_TAG.set);
    do {
      const attribute = set.read(DER_TAG.sequence);
      const type = attribute.readOid();
      const { tag, content } = attribute.readAny();
      attribute.end();
      visit?.({ type, tag, value: content.rest() }, rdn);
    } while (!set.isAtEnd);
  }
}

/**
 * A Name as text, so that a Name lies below another exactly when its text starts with the other's (RFC 5280 §4.2.1.10, the
 * comparison of §7.1: case and needless space in text do not count, nor does the string type). `undefined` when some text in it
 * cannot be compared with certainty: a character set other than ASCII or UTF-8, characters that nobody sees.
 *
 * @throws SpiffeError `der_malformed`
 */
export function comparableDistinguishedName(der: Uint8Array): string | undefined {
  const rdns: string[][] = [];
  let isComparable = true;
  readDistinguishedName(der, (attribute, rdn) => {
    const key = comparableAttribute(attribute);
    if (key === undefined) isComparable = false;
    else if (rdn < rdns.length) rdns[rdn]?.push(key);
    else rdns.push([key]);
  });
  if (!isComparable) return undefined;
  // JSON escapes line feeds and quotes, so neither an attribute nor a whole RDN can pose as two.
  return rdns.map((attributes) => `${attributes.sort().join()}\n`).join('');
}

function comparableAttribute({ type, tag, value }: NameAttribute): string | undefined {
  if (OTHER_STRINGS.has(tag)) return undefined;
  if (tag !== UTF8_STRING && !ASCII_STRINGS.has(tag)) return JSON.stringify([type, tag, hexOf(value)]);
  const text = attributeText(tag, value);
  const folded = text === undefined ? undefined : fold(text);
  return folded === undefined ? undefined : JSON.stringify([type, folded]);
}

/** The text of an attribute of a string type that we read; `undefined` when it is none, or not what it claims to be. */
export function attributeText(tag: number, value: Uint8Array): string | undefined {
  if (value.length > MAX_TEXT_BYTES) return undefined;
  if (tag !== UTF8_STRING && (!ASCII_STRINGS.has(tag) || value.some((byte) => byte >= 0x80))) return undefined;
  try {
    return decoder.decode(value);
  } catch {
    return undefined;
  }
}

/** RFC 4518 for text without surprises: compatibility forms, case and space. */
function fold(text: string): string | undefined {
  if (PLAIN_TEXT.test(text)) return text.toUpperCase().replace(/ +/g, ' ').trim();
  if (INVISIBLE.test(text)) return undefined;
  const composed = text.normalize('NFKC');
  if (composed.includes(DOTLESS_I)) return undefined;
  // Lower case first: it is the way from the capital sharp s to the two letters that it stands for.
  return composed
    .toLowerCase()
    .toUpperCase()
    .normalize('NFKC')
    .replace(/\p{Z}+/gu, ' ')
    .trim();
}
