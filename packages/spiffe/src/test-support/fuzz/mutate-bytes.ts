import type { Mutation, Random } from './random.js';

/** Enough to exceed every limit on bytes that is cheap to exceed; what is larger costs time and shows nothing new. */
export const MAX_BYTES = 80 * 1024;
const TELLING = [0x00, 0x01, 0x02, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xff, 0x30, 0x31, 0xa0, 0xa3] as const;

/** Where something of a random length begins and ends. */
function range(length: number, random: Random): readonly [start: number, end: number] {
  const start = random.below(length + 1);
  return [start, Math.min(length, start + 1 + random.below(random.once(4) ? length : 8))];
}

const setBytes = (bytes: Uint8Array, at: number, ...values: readonly number[]): Buffer => {
  const changed = Buffer.from(bytes);
  changed.set(values.slice(0, Math.max(0, bytes.length - at)), at);
  return changed;
};

const MUTATIONS: readonly [Mutation<Uint8Array>, ...Mutation<Uint8Array>[]] = [
  // one bit
  (bytes, random) => {
    const at = random.below(bytes.length);
    return setBytes(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8)));
  },
  (bytes, random) => setBytes(bytes, random.below(bytes.length), random.pick(TELLING)),
  // a length octet a little off, or a long form of it, wherever it may be
  (bytes, random) => {
    const at = random.below(bytes.length);
    return setBytes(bytes, at, ((bytes[at] ?? 0) + random.pick([1, 255, 2, 254])) & 0xff);
  },
  (bytes, random) => setBytes(bytes, random.below(bytes.length), 0x84, 0xff, 0xff, 0xff, 0xff),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  (bytes, random) => {
    const [start, end] = range(bytes.length, random);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  (bytes, random) => {
    const [start, end] = range(bytes.length, random);
    const copies = random.once(8) ? random.below(200) : 2;
    const piece = Buffer.concat(Array.from({ length: copies }, () => bytes.subarray(start, end)));
    return Buffer.concat([bytes.subarray(0, start), piece, bytes.subarray(end)]);
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(8)), bytes.subarray(at)]);
  },
  // the head of one and the tail of another
  (bytes, random, others) => {
    const other = random.pick(others);
    return Buffer.concat([bytes.subarray(0, random.below(bytes.length)), other.subarray(random.below(other.length))]);
  },
  (_bytes, random) => random.bytes(random.below(100)),
];

/** One blind change. */
export const mutateBytes: Mutation<Uint8Array> = (bytes, random, others) => {
  const changed = random.pick(MUTATIONS)(bytes, random, others);
  return changed.length > MAX_BYTES ? changed.subarray(0, MAX_BYTES) : changed;
};
