/** A DER encoder for tests. It encodes whatever it is told, also what no certificate may hold. */

export function tlv(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(body.length), body]);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const hex = length.toString(16);
  const octets = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => tlv(0x30, ...content);
export const set = (...content: readonly Uint8Array[]): Buffer => tlv(0x31, ...content);
export const octetString = (...content: readonly Uint8Array[]): Buffer => tlv(0x04, ...content);
export const boolean = (value: boolean): Buffer => tlv(0x01, Buffer.from([value ? 0xff : 0x00]));
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer => tlv(0x03, Buffer.from([unusedBits]), bytes);
/** INTEGER of exactly these content octets. */
export const integerBytes = (...octets: readonly number[]): Buffer => tlv(0x02, Buffer.from(octets));

/** INTEGER of a number from 0 to 127. */
export const smallInteger = (value: number): Buffer => integerBytes(value);

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number);
  return tlv(0x06, Buffer.from([first * 40 + second, ...arcs.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const groups = [arc & 0x7f];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) groups.unshift((rest & 0x7f) | 0x80);
  return groups;
}

/** UTCTime or GeneralizedTime, as RFC 5280 picks them by year. */
export function time(instant: number): Buffer {
  const text = new Date(instant).toISOString().replace(/\.\d+|[-:T]/g, '');
  return new Date(instant).getUTCFullYear() < 2050 ? tlv(0x17, ascii(text.slice(2))) : tlv(0x18, ascii(text));
}

export const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A Name of one common name; `''` makes the empty Name. */
export function commonName(text: string): Buffer {
  return text === '' ? sequence() : sequence(set(sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(text)))));
}
