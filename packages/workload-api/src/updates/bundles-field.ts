import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { type BytePlace, SentBundle } from './sent-bundle.js';
import type { Turns } from './turns.js';

/** A message with its bundle map set apart. */
export interface BundlesField {
  /** In the order sent, doubles included. */
  readonly bundles: readonly SentBundle[];
  /** The message without the map, still in its encoding; empty where nobody wants it. */
  readonly rest: Uint8Array;
}

/** What {@link splitBundlesField} looks for. */
export interface BundlesFieldOptions {
  /** Number of the `map<string, bytes>` field. */
  readonly field: number;
  /** The most that there may be of a field, by its number, with its name for the error. Counted before anything is decoded. */
  readonly most: ReadonlyMap<number, { readonly count: number; readonly what: string }>;
  /** Whether {@link BundlesField.rest} is wanted. */
  readonly keepsRest: boolean;
  readonly turns: Turns;
}

/** The most fields that `most` does not name, and the most in one map entry: what nobody knows is skipped, but not without end. */
const MAX_OTHER_FIELDS = 10_000;
const MAX_ENTRY_FIELDS = 100;
const NOWHERE: BytePlace = { start: 0, end: 0 };

/**
 * Sets the bundle map of an encoded message apart. The generated reader takes ten thousand entries out in one go; this one only looks
 * where they are, in turns, and it sees a key that comes twice.
 *
 * Rejects with an Error when the bytes are no message, or hold more than they may
 */
export async function splitBundlesField(
  message: Uint8Array,
  { field: wanted, most, keepsRest, turns }: BundlesFieldOptions,
): Promise<BundlesField> {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  const bundles: SentBundle[] = [];
  const rest: Uint8Array[] = [];
  const counts = new Map<number, number>();
  let others = 0;
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    if (turns.isOver) await turns.next();
    const start = reader.pos;
    const [field, type] = reader.tag();
    const limit = most.get(field);
    if (limit) {
      const count = (counts.get(field) ?? 0) + 1;
      counts.set(field, count);
      if (count > limit.count) throw new Error(`it holds more than ${limit.count} ${limit.what}`);
    } else if (++others > MAX_OTHER_FIELDS) {
      throw new Error(`it holds more than ${MAX_OTHER_FIELDS} other fields`);
    }
    if (field === wanted && type === WireType.LengthDelimited) {
      bundles.push(readEntry(reader, bytes));
    } else {
      reader.skip(type, field);
      if (keepsRest) rest.push(message.subarray(start, reader.pos));
    }
  }
  return { bundles, rest: Buffer.concat(rest) };
}

/** One map entry: key is field 1, value is field 2; either may be missing and is empty then. */
function readEntry(reader: BinaryReader, message: Buffer): SentBundle {
  const length = reader.uint32();
  const end = reader.pos + length;
  let key: BytePlace = NOWHERE;
  let bundle: BytePlace = NOWHERE;
  for (let count = 1; reader.pos < end; count++) {
    if (count > MAX_ENTRY_FIELDS) throw new Error(`a map entry holds more than ${MAX_ENTRY_FIELDS} fields`);
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) key = readPlace(reader);
    else if (field === 2 && type === WireType.LengthDelimited) bundle = readPlace(reader);
    else reader.skip(type, field);
  }
  if (reader.pos !== end) throw new RangeError('a map entry is longer than it says');
  return new SentBundle(message, key, bundle);
}

/** Passes over a field of bytes. */
function readPlace(reader: BinaryReader): BytePlace {
  const length = reader.uint32();
  const start = reader.pos;
  reader.pos += length;
  if (reader.pos > reader.len) throw new RangeError('a map entry is longer than the message');
  return { start, end: reader.pos };
}
