import { MAX_BYTES, mutateBytes } from './mutate-bytes.js';
import type { Mutation, Random } from './random.js';

interface Node {
  tag: number;
  /** Unused-bits octet of a BIT STRING that holds DER, nothing otherwise. */
  readonly prefix: Uint8Array;
  content: Uint8Array | Node[];
}

/** Prefix, tag and length of an element. */
const HEADER_BYTES = 8;
const NOTHING = new Uint8Array();
const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x18, 0x30, 0x31, 0x82, 0x86, 0x87, 0xa0, 0xa3, 0xa4,
] as const;

/** The elements of well-formed DER, `undefined` for anything else. Looks into strings that hold DER, as extensions do. */
function parse(bytes: Uint8Array): Node[] | undefined {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag = 0, first = 0] = bytes.subarray(at, at + 2);
    const octets = first < 0x80 ? 0 : first & 0x7f;
    let length = first;
    if (octets > 3) return undefined;
    if (octets > 0) length = bytes.subarray(at + 2, at + 2 + octets).reduce((value, byte) => value * 256 + byte, 0);
    const start = at + 2 + octets;
    at = start + length;
    if (at > bytes.length || (first >= 0x80 && octets === 0)) return undefined;
    nodes.push(nodeOf(tag, bytes.subarray(start, at)));
  }
  return nodes;
}

function nodeOf(tag: number, content: Uint8Array): Node {
  const prefixed = tag === 0x03 && content[0] === 0;
  const body = prefixed ? content.subarray(1) : content;
  const nested = body.length > 1 && ((tag & 0x20) !== 0 || tag === 0x04 || prefixed) ? parse(body) : undefined;
  if (nested === undefined) return { tag, prefix: NOTHING, content };
  return { tag, prefix: prefixed ? content.subarray(0, 1) : NOTHING, content: nested };
}

const SCRATCH = Buffer.alloc(MAX_BYTES);

/** The DER of all nodes, or `undefined` when it would be larger than any input shall be. Lengths are right, whatever the nodes are. */
function encode(nodes: readonly Node[]): Buffer | undefined {
  const start = writeBefore(SCRATCH.length, nodes);
  return start === undefined ? undefined : Buffer.from(SCRATCH.subarray(start));
}

/** Writes back to front, where lengths are known when they are needed. Returns where the nodes begin. */
function writeBefore(end: number, nodes: readonly Node[]): number | undefined {
  let at = end;
  for (const { tag, prefix, content } of nodes.toReversed()) {
    const contentEnd = at;
    if (Array.isArray(content)) {
      const start = writeBefore(at, content);
      if (start === undefined) return undefined;
      at = start;
    } else {
      at -= content.length;
      if (at >= 0) SCRATCH.set(content, at);
    }
    if (at < HEADER_BYTES) return undefined;
    at -= prefix.length;
    SCRATCH.set(prefix, at);
    at = writeHeaderBefore(at, tag, contentEnd - at);
  }
  return at;
}

function writeHeaderBefore(end: number, tag: number, length: number): number {
  let at = end;
  if (length < 0x80) SCRATCH[--at] = length;
  else {
    for (let rest = length; rest > 0; rest >>>= 8) SCRATCH[--at] = rest & 0xff;
    SCRATCH[at - 1] = 0x80 | (end - at);
    at--;
  }
  SCRATCH[--at] = tag;
  return at;
}

type Place = readonly [list: Node[], index: number, node: Node];

function pickNode(nodes: Node[], random: Random): Place | undefined {
  const places = collectPlaces(nodes, []);
  return places[random.below(places.length)];
}

function collectPlaces(nodes: Node[], places: Place[]): readonly Place[] {
  for (const [index, node] of nodes.entries()) {
    places.push([nodes, index, node]);
    if (Array.isArray(node.content)) collectPlaces(node.content, places);
  }
  return places;
}

/** One change to the tree; every length around it stays right, so that the change is seen by what reads the content. */
export const mutateDer: Mutation<Uint8Array> = (bytes, random, others) => {
  const nodes = parse(bytes);
  const place = nodes === undefined ? undefined : pickNode(nodes, random);
  if (nodes === undefined || place === undefined) return mutateBytes(bytes, random, others);
  const [list, index, node] = place;
  switch (random.below(9)) {
    case 0:
      list.splice(index, 1);
      break;
    case 1: {
      const copies = random.once(4) ? random.below(300) : 1;
      list.splice(index, 0, ...Array.from({ length: copies }, () => node));
      break;
    }
    case 2:
      node.tag = random.once(2) ? random.pick(TAGS) : random.below(256);
      break;
    case 3:
      list[index] = pickNode(parse(random.pick(others)) ?? [], random)?.[2] ?? node;
      break;
    case 4:
      node.content = NOTHING;
      break;
    case 5:
      node.content = Buffer.concat([random.bytes(random.below(4)), Buffer.alloc(random.once(6) ? random.below(3000) : 0, 0x41)]);
      break;
    case 6: {
      let nested = node;
      for (let depth = random.once(4) ? 400 : 1; depth > 0; depth--) nested = { tag: 0x30, prefix: NOTHING, content: [nested] };
      list[index] = nested;
      break;
    }
    case 7: {
      const sibling = random.below(list.length);
      list[index] = list[sibling] ?? node;
      list[sibling] = node;
      break;
    }
    default:
      node.content = mutateBytes(Array.isArray(node.content) ? (encode(node.content) ?? NOTHING) : node.content, random, others);
  }
  return encode(nodes) ?? bytes;
};

/** Mostly changes to the tree, some of them blind. */
export const mutateBinary: Mutation<Uint8Array> = (bytes, random, others) =>
  random.once(3) ? mutateBytes(bytes, random, others) : mutateDer(bytes, random, others);

/** A list of binary pieces: one of them changed, or the list itself. */
export const mutatePieces: Mutation<readonly Uint8Array[]> = (pieces, random, others) => {
  const changed = [...pieces];
  const index = random.below(changed.length);
  const stock = others.flat();
  const [first = NOTHING, ...rest] = stock;
  const piece = changed[index] ?? first;
  switch (random.below(12)) {
    case 0:
      changed.splice(index, 1);
      break;
    case 1:
      changed.splice(index, 0, ...Array.from({ length: 1 + random.below(12) }, () => piece));
      break;
    case 2:
      changed[index] = random.pick([first, ...rest]);
      break;
    default:
      changed[index] = mutateBinary(piece, random, [first, ...rest]);
  }
  return changed;
};
