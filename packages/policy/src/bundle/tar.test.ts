import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { endMarker, paxRecords, rawEntry, seal } from '../test-support/raw-tar.js';
import { readTar, TarProblem } from './tar.js';

const file = rawEntry({ name: 'data.json' }, '{}');
const last = rawEntry({ name: 'z' }, 'z'.repeat(600));
const pax = (...records: readonly string[]) => rawEntry({ name: 'pax', type: 'x' }, paxRecords(...records));
const archive = (...parts: readonly Uint8Array[]) => Buffer.concat([file, ...parts, last, endMarker]);
/** An entry with other bytes in one field of its header. */
function patched(offset: number, field: string): Buffer {
  const entry = rawEntry({ name: 'a' }, 'x');
  entry.write(field, offset, 'latin1');
  seal(entry);
  return entry;
}
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();

function read(tar: Uint8Array): Map<string, string> {
  return new Map([...readTar(tar)].map(({ name, kind, bytes }) => [name, kind ?? textOf(bytes)]));
}

function problemOf(tar: Uint8Array): TarProblem {
  try {
    read(tar);
  } catch (error) {
    if (error instanceof TarProblem) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('readTar', () => {
  it.each<[string, Uint8Array, string]>([
    ['POSIX tar', rawEntry({ name: 'a' }, 'x'), 'a'],
    ['GNU tar', rawEntry({ name: 'a', magic: 'ustar  \0' }, 'x'), 'a'],
    ['a prefix', rawEntry({ name: 'a', prefix: 'b/c' }, 'x'), 'b/c/a'],
    ['a name that fills its field', rawEntry({ name: 'n'.repeat(100) }, 'x'), 'n'.repeat(100)],
    ['numbers as GNU writes large ones', patched(108, '\x80\0\0\0\0\x98\x96\x80'), 'a'],
    ['a size with blanks', rawEntry({ name: 'a', size: '         1 \0' }, 'x'), 'a'],
    ['the old type of a file', rawEntry({ name: 'a', type: '\0' }, 'x'), 'a'],
    ['a longer path', Buffer.concat([pax('path=long/é'), rawEntry({ name: 'a' }, 'x')]), 'long/é'],
    ['times and owners', Buffer.concat([pax('mtime=1.5', 'uid=1', 'SCHILY.dev=1'), rawEntry({ name: 'a' }, 'x')]), 'a'],
  ])('takes %s', (_, entry, name) => {
    const files = read(archive(entry));
    expect([...files.keys()]).toEqual(['data.json', name, 'z']);
    expect(files.get(name)).toBe('x');
  });

  it('tells of what is no file', () => {
    for (const type of '1234567LSgK') {
      expect([...read(archive(rawEntry({ name: 'a', type }))).values()][1]).toMatch(/^[a-z]|special/i);
    }
    expect(read(archive(rawEntry({ name: 'a', type: '2' }))).get('a')).toBe('symbolic link');
  });

  it('takes no part of an archive for all of it', () => {
    const whole = archive();
    expect(read(whole).size).toBe(2);
    for (let length = 0; length < whole.byteLength; length += 256) {
      expect(problemOf(whole.subarray(0, length)).isTruncated).toBe(true);
    }
  });

  it('takes zeros after the end marker, and nothing else', () => {
    expect(read(Buffer.concat([archive(), Buffer.alloc(200_000)])).size).toBe(2);
    const more: readonly Uint8Array[] = [file, Buffer.from('x'), Buffer.concat([Buffer.alloc(150_000), Buffer.from('x')])];
    for (const part of more) expect(problemOf(Buffer.concat([archive(), part])).message).toContain('after its end');
    // GNU tar ends at the first block of zeros, other readers go on.
    expect(problemOf(Buffer.concat([file, Buffer.alloc(512), last, endMarker])).message).toContain('after its end');
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['no header', Buffer.alloc(512, 'x'), /no tar header/],
    ['an old header', rawEntry({ name: 'a', magic: '' }), /no tar header/],
    ['a wrong checksum', rawEntry({ name: 'a', checksum: '000001\0 ' }), /checksum/],
    ['what GNU has in place of a prefix', rawEntry({ name: 'a', magic: 'ustar  \0', prefix: 'b/c' }), /more than one/],
    ['the mark of star', patched(500, 'x\0\0\0\0\0\0\0tar\0'), /more than one/],
    ['a mode that is none', patched(100, 'rw-r--r-'), /damaged/],
    ['an owner that is none', patched(108, 'root\0\0\0\0'), /damaged/],
    ['a group that is none', patched(116, '-1\0\0\0\0\0\0'), /damaged/],
    ['a time that is none', patched(136, '12:00\0\0\0\0\0\0\0'), /damaged/],
    ['a device that is none', patched(329, '9\0\0\0\0\0\0\0'), /damaged/],
    ['a minor device that is none', patched(337, '9\0\0\0\0\0\0\0'), /damaged/],
    ['a binary size', rawEntry({ name: 'a', size: '\x80\0\0\0\0\0\0\0\0\0\0\x01' }), /no size/],
    ['a negative size', rawEntry({ name: 'a', size: '-0000000001\0' }), /no size/],
    ['a size that is not octal', rawEntry({ name: 'a', size: '00000000009\0' }), /no size/],
    ['no digits', rawEntry({ name: 'a', size: '\0\0\0\0\0\0\0\0\0\0\0\0' }), /no size/],
    ['something after the end of a name', rawEntry({ name: 'policy.wasm\0.txt' }), /after its end/],
    ['something after the end of a prefix', rawEntry({ name: 'a', prefix: 'b\0c' }), /after its end/],
    ['a name that is not UTF-8', rawEntry({ name: Uint8Array.of(0x61, 0xff) }), /UTF-8/],
    ['a path that is not UTF-8', rawEntry({ name: 'p', type: 'x' }, Buffer.from('10 path=\xff\n', 'latin1')), /UTF-8/],
    ['another size', pax('path=b', 'size=1'), /"size"/],
    ['a sparse file', pax('GNU.sparse.major=1', 'GNU.sparse.name=b'), /"GNU\.sparse\.major"/],
    ['a time that is none in an extended header', pax('mtime=noon'), /"mtime"/],
    ['an owner that is none in an extended header', pax('uid=root'), /"uid"/],
    ['an owner with a NUL', pax('uname=a\0b'), /"uname"/],
    ['another link', pax('linkpath=b'), /"linkpath"/],
    ['another character set', pax('hdrcharset=BINARY'), /"hdrcharset"/],
    ['two paths', pax('path=b', 'path=c'), /"path"/],
    ['an empty path', pax('path='), /"path"/],
    ['a record that is too short', rawEntry({ name: 'p', type: 'x' }, '9 path=b\n\n'), /damaged/],
    ['a record that is too long', rawEntry({ name: 'p', type: 'x' }, '99 path=b\n'), /damaged/],
    ['a record that ends in its value', rawEntry({ name: 'p', type: 'x' }, '9 path=bc12 comment=\n'), /damaged/],
    ['a record of no length', rawEntry({ name: 'p', type: 'x' }, '0 path=b\n'), /damaged/],
    ['a record without a length', rawEntry({ name: 'p', type: 'x' }, 'path=b\n'), /damaged/],
    ['a record without a value', rawEntry({ name: 'p', type: 'x' }, '7 path\n'), /damaged/],
    ['zeros after the records', rawEntry({ name: 'p', type: 'x' }, `${paxRecords('path=b')}\0`), /damaged/],
    ['two extended headers in a row', Buffer.concat([pax('path=b'), pax('path=c')]), /in a row/],
    ['too many records', pax(...Array.from({ length: 33 }, () => 'uid=1')), /too long/],
    ['too long records', pax(`comment=${'x'.repeat(65_536)}`), /too long/],
  ])('refuses %s', (_, entry, message) => {
    expect(problemOf(archive(entry)).message).toMatch(message);
  });

  it('refuses an extended header that nothing follows', () => {
    expect(problemOf(Buffer.concat([file, pax('path=b'), endMarker])).message).toContain('without an entry');
  });

  it('finds what another reader finds, in whatever it takes of 4,000 damaged archives', async () => {
    const good = archive(pax('path=long/é', 'mtime=1.5'), rawEntry({ name: 'a', prefix: 'b' }, 'x'.repeat(700)));
    let state = 1;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    let taken = 0;
    for (let run = 0; run < 4_000; run += 1) {
      const tar = Buffer.from(good);
      for (let change = random(3); change >= 0; change -= 1)
        tar[random(tar.byteLength)] = random(3) === 0 ? random(256) : 0x30 + random(8);
      // Or nearly all would fail for their checksums.
      for (let offset = 0; offset < tar.byteLength; offset += 512) {
        if (tar.toString('latin1', offset + 257, offset + 262) === 'ustar') seal(tar.subarray(offset, offset + 512));
      }
      const ours = attempt(tar);
      if (ours === undefined) continue;
      taken += 1;
      expect(await filesByTarStream(tar)).toEqual(ours);
    }
    expect(taken).toBeGreaterThan(1_000);
  });
});

/** What both readers call a file; `undefined` where ours refuses. */
function attempt(tar: Uint8Array): readonly string[] | undefined {
  try {
    return [...readTar(tar)].filter(({ kind, name }) => kind === undefined && !name.endsWith('/')).map(lineOf);
  } catch (error) {
    if (error instanceof TarProblem) return undefined;
    throw error;
  }
}

async function filesByTarStream(tar: Uint8Array): Promise<readonly string[]> {
  const entries = extract();
  entries.end(tar);
  const lines: string[] = [];
  for await (const entry of entries) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    if (entry.header.type === 'file') lines.push(lineOf({ name: entry.header.name, bytes: Buffer.concat(chunks) }));
  }
  return lines;
}

function lineOf({ name, bytes }: { readonly name: string; readonly bytes: Uint8Array }): string {
  return `${name}: ${textOf(bytes)}`;
}
