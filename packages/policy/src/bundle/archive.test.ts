import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../test-support/error-of.js';
import { type PackedEntry, packBundle, packTar } from '../test-support/pack-bundle.js';
import { seal } from '../test-support/raw-tar.js';
import { readArchive } from './archive.js';

const good: readonly PackedEntry[] = [
  { header: { name: '/data.json' }, data: '{}' },
  { header: { name: 'directory/authz/decision.rego' }, data: 'package directory.authz' },
];

const refusal = async (bytes: Uint8Array) => errorOf(() => readArchive(bytes, 'x.tar.gz'));

describe('readArchive', () => {
  it('reads regular files, absolute or relative', async () => {
    const files = await readArchive(await packBundle(good), 'x.tar.gz');
    expect([...files.keys()]).toEqual(['data.json', 'directory/authz/decision.rego']);
    expect(Buffer.from(files.get('data.json') ?? []).toString()).toBe('{}');
  });

  it.each<[string, string, PackedEntry]>([
    ['a parent segment', 'bundle_unsafe_entry', { header: { name: '../policy.wasm' }, data: 'x' }],
    ['a parent segment inside', 'bundle_unsafe_entry', { header: { name: 'a/../../policy.wasm' }, data: 'x' }],
    ['a parent segment below the root', 'bundle_unsafe_entry', { header: { name: '/../policy.wasm' }, data: 'x' }],
    ['a dot segment', 'bundle_unsafe_entry', { header: { name: './policy.wasm' }, data: 'x' }],
    ['two leading slashes', 'bundle_unsafe_entry', { header: { name: '//policy.wasm' }, data: 'x' }],
    ['an empty segment', 'bundle_unsafe_entry', { header: { name: 'a//b' }, data: 'x' }],
    ['a line feed', 'bundle_unsafe_entry', { header: { name: 'a\nb.rego' }, data: 'x' }],
    ['an escape sequence', 'bundle_unsafe_entry', { header: { name: 'a\u001b[2Jb.rego' }, data: 'x' }],
    ['a backslash', 'bundle_unsafe_entry', { header: { name: 'a\\..\\b' }, data: 'x' }],
    ['a long path', 'bundle_unsafe_entry', { header: { name: `${'a/'.repeat(300)}b` }, data: 'x' }],
    ['a directory', 'bundle_unsafe_entry', { header: { name: 'a', type: 'directory' } }],
    ['a symbolic link', 'bundle_unsafe_entry', { header: { name: 'a', type: 'symlink', linkname: '/etc/passwd' } }],
    ['a hard link', 'bundle_unsafe_entry', { header: { name: 'a', type: 'link', linkname: 'data.json' } }],
    ['a device', 'bundle_unsafe_entry', { header: { name: 'a', type: 'character-device', devmajor: 1, devminor: 3 } }],
    ['a pipe', 'bundle_unsafe_entry', { header: { name: 'a', type: 'fifo' } }],
    ['the same path twice', 'bundle_duplicate_entry', { header: { name: '/data.json' }, data: '{}' }],
    ['the same path with and without a slash', 'bundle_duplicate_entry', { header: { name: 'data.json' }, data: '{}' }],
  ])('refuses %s', async (_, code, entry) => {
    const error = await refusal(await packBundle([...good, entry]));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^x\.tar\.gz: entry "/);
  });

  it('refuses what is no gzip', async () => {
    expect((await refusal(await packTar(good))).code).toBe('bundle_not_gzip');
    expect((await refusal(new Uint8Array())).code).toBe('bundle_not_gzip');
    expect((await refusal(Buffer.from('PK\u0003\u0004'))).code).toBe('bundle_not_gzip');
  });

  it('refuses truncated gzip at every length', async () => {
    const whole = await packBundle(good);
    for (let length = 2; length < whole.byteLength; length += 7) {
      expect((await refusal(whole.subarray(0, length))).code).toBe('bundle_truncated');
    }
  });

  it('refuses a truncated tar', async () => {
    const tar = await packTar([{ header: { name: 'a' }, data: 'x'.repeat(5_000) }]);
    for (const length of [600, 2_000, 5_000]) {
      expect((await refusal(gzipSync(tar.subarray(0, length)))).code).toBe('bundle_truncated');
    }
  });

  it('refuses damaged gzip data and what is no tar', async () => {
    const whole = await packBundle(good);
    whole[12] = (whole[12] ?? 0) ^ 0xff;
    expect((await refusal(whole)).code).toMatch(/^bundle_(bad_archive|truncated)$/);
    expect((await refusal(gzipSync(Buffer.alloc(2_048, 'no tar ')))).code).toBe('bundle_bad_archive');
  });

  it('refuses an entry whose size is no number, instead of waiting for its end', async () => {
    const tar = await packTar([{ header: { name: 'a' }, data: 'x'.repeat(600) }]);
    tar[124] = 0xc2;
    seal(tar);
    const error = await refusal(gzipSync(tar));
    expect(error.code).toBe('bundle_bad_archive');
    expect(error.message).toContain('has no size');
  });

  it('refuses a bomb before it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024));
    expect(bomb.byteLength).toBeLessThan(100_000);
    expect((await refusal(bomb)).code).toBe('bundle_too_large');
  });

  it('refuses too many entries and too many bytes', async () => {
    const many = Array.from({ length: 1_001 }, (_, index) => ({ header: { name: `f${index}` }, data: '' }));
    expect((await refusal(await packBundle(many))).code).toBe('bundle_too_large');
    expect((await refusal(Buffer.alloc(16 * 1024 * 1024 + 1))).code).toBe('bundle_too_large');
  });
});
