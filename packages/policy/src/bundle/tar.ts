/** One entry of a tar archive. */
export interface TarEntry {
  readonly name: string;
  /** What is no regular file has a kind: a word for a message. */
  readonly kind: string | undefined;
  readonly bytes: Uint8Array;
}

/** What is wrong with a tar archive, for a sentence. */
export class TarProblem extends Error {
  /** The archive ends before its end marker. */
  readonly isTruncated: boolean;

  constructor(message: string, isTruncated = false) {
    super(message);
    this.isTruncated = isTruncated;
  }
}

const block = 512;
/** More than any path needs, with the times and owners that Python and BSD add. */
const maxExtensionBytes = 64 * 1024;
const maxExtensionRecords = 32;

/** Mode, owner, group, time, device. */
const numbers = [
  [100, 108],
  [108, 116],
  [116, 124],
  [136, 148],
  [329, 337],
  [337, 345],
] as const;
const zeros = Buffer.alloc(64 * 1024);
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const kinds = new Map([
  ['1', 'hard link'],
  ['2', 'symbolic link'],
  ['3', 'character device'],
  ['4', 'block device'],
  ['5', 'directory'],
  ['6', 'pipe'],
  ['g', 'header for all that follows'],
  ['L', "long name in GNU's own way"],
  ['S', 'sparse file'],
]);

/** What says no more than who made a file and when. Others change contents (`size`, `GNU.sparse.…`) or how the rest is read. */
const harmless =
  /^(?:[acm]time=-?\d{1,15}(?:\.\d+)?|[ug]id=\d{1,15}|[ug]name=[^\0]*|comment=.*|(?:LIBARCHIVE|SCHILY)\.[^=]+=.*)$/s;

/**
 * The entries of a tar archive (POSIX ustar with pax paths, or GNU's without its extensions), one by one. Strict where readers
 * differ: an archive means one thing to all of them, or is refused. In particular it ends with two blocks of zeros, so that no part of one is
 * taken for the whole, and nothing follows them. Work is bounded by the size of the archive.
 *
 * @throws {TarProblem}
 */
export function* readTar(tar: Uint8Array): Generator<TarEntry> {
  let longName: string | undefined;
  let offset = 0;
  for (;;) {
    const header = take(tar, offset, block);
    offset += block;
    if (isZero(header)) break;
    const { name, type, size } = readHeader(header);
    const bytes = take(tar, offset, size);
    // With the padding, which may lack only where the marker lacks too.
    offset += Math.ceil(size / block) * block;
    if (type === 'x') {
      if (longName !== undefined) throw new TarProblem('has two extended headers in a row');
      longName = readPaxPath(bytes);
    } else {
      yield {
        name: longName || name,
        kind: type === '0' || type === '\0' ? undefined : (kinds.get(type) ?? 'special file'),
        bytes,
      };
      longName = undefined;
    }
  }
  if (longName !== undefined) throw new TarProblem('has an extended header without an entry');
  take(tar, offset, block);
  if (!isZero(tar.subarray(offset))) throw new TarProblem('has something after its end marker');
}

function take(tar: Uint8Array, offset: number, size: number): Uint8Array {
  if (offset + size > tar.byteLength) throw new TarProblem('ends before its end marker', true);
  return tar.subarray(offset, offset + size);
}

function isZero(bytes: Uint8Array): boolean {
  for (let offset = 0; offset < bytes.byteLength; offset += zeros.byteLength) {
    const part = bytes.subarray(offset, offset + zeros.byteLength);
    if (!zeros.subarray(0, part.byteLength).equals(part)) return false;
  }
  return true;
}

function readHeader(header: Uint8Array): { readonly name: string; readonly type: string; readonly size: number } {
  const magic = latin1(header.subarray(257, 265));
  const isPosix = magic === 'ustar\x0000';
  if (!isPosix && magic !== 'ustar  \0') throw new TarProblem('holds something that is no tar header');
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  if (readOctal(header.subarray(148, 156)) !== sum) throw new TarProblem('holds a header with a wrong checksum');
  // Of no use here, but Go's reader takes no header without them.
  if (!numbers.every(([start, end]) => isNumber(header.subarray(start, end))))
    throw new TarProblem('holds a header that is damaged');
  // GNU has times there, or a prefix all the same; star a mark that its prefix is shorter.
  if (!isZero(header.subarray(isPosix ? 500 : 345))) throw new TarProblem('holds a header of more than one meaning');
  const short = readName(header.subarray(0, 100));
  const prefix = isPosix ? readName(header.subarray(345, 500)) : '';
  const name = prefix === '' ? short : `${prefix}/${short}`;
  const size = readOctal(header.subarray(124, 136));
  if (size === undefined) throw new TarProblem(`holds entry ${JSON.stringify(name)}, which has no size`);
  return { name, type: latin1(header.subarray(156, 157)), size };
}

/** Octal, none, or as GNU writes those that are large. */
function isNumber(field: Uint8Array): boolean {
  return /^ *[0-7]*[ \0]*$/.test(latin1(field)) || field[0] === 0x80;
}

function readOctal(field: Uint8Array): number | undefined {
  const [, digits] = /^ *([0-7]+)[ \0]*$/.exec(latin1(field)) ?? [];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

function readName(field: Uint8Array): string {
  const end = field.indexOf(0);
  if (end >= 0 && !isZero(field.subarray(end))) throw new TarProblem('holds a name with something after its end');
  return utf8(end < 0 ? field : field.subarray(0, end));
}

/** The path in a pax header, empty where it has none. Each record is its length in bytes, a blank, `key=value` and a line feed. */
function readPaxPath(bytes: Uint8Array): string {
  let path = '';
  for (let offset = 0, records = 1; offset < bytes.byteLength; records += 1) {
    if (bytes.byteLength > maxExtensionBytes || records > maxExtensionRecords) {
      throw new TarProblem('has an extended header that is too long');
    }
    const [start, digits = ''] = /^([1-9]\d{0,5}) /.exec(latin1(bytes.subarray(offset, offset + 7))) ?? [''];
    const end = offset + Number(digits);
    const record = utf8(bytes.subarray(offset + start.length, end - 1));
    const equals = record.indexOf('=');
    if (bytes[end - 1] !== 0x0a || equals < 0) {
      throw new TarProblem('has an extended header that is damaged');
    }
    const key = record.slice(0, equals);
    if (key === 'path' && path === '' && record.length > 5) path = record.slice(5);
    else if (!harmless.test(record)) throw new TarProblem(`has an extended header with ${JSON.stringify(key.slice(0, 40))}`);
    offset = end;
  }
  return path;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function utf8(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch {
    throw new TarProblem('holds a name that is not UTF-8');
  }
}
