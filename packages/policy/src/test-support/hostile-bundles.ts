import { gzipSync } from 'node:zlib';
import { fixtureBundle, type PackedEntry, packBundle, packTar, unpackBundle, withEntry } from './pack-bundle.js';
import { endMarker, rawEntry, seal } from './raw-tar.js';

/** A bundle that must be refused: what is wrong, the code, the bytes. */
export type HostileBundle = readonly [name: string, code: string, bytes: Uint8Array];

type Json = Record<string, unknown>;

const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);

/** Bundles that differ from a good one in one thing each, by what that is in. None is made with a file on disk. */
export const hostileBundles: ReadonlyMap<string, (good: readonly PackedEntry[]) => Promise<readonly HostileBundle[]>> = new Map([
  ['the archive', damagedArchives],
  ['an entry', strangeEntries],
  ['a file', wrongFiles],
  ['the manifest', wrongManifests],
  ['the module', wrongModules],
]);

async function damagedArchives(good: readonly PackedEntry[]): Promise<readonly HostileBundle[]> {
  const whole = await packBundle(good);
  const tar = await packTar(good);
  const flipped = Buffer.from(whole);
  flipped[whole.byteLength - 6] = (flipped[whole.byteLength - 6] ?? 0) ^ 0xff;
  const noSize = Buffer.from(tar);
  noSize[124] = 0xc2;
  seal(noSize);
  const open = tar.subarray(0, -1_024);
  const more = await packTar([{ header: { name: 'more' }, data: 'x' }]);
  const tiny = rawEntry({ name: 'p', type: 'x' }, '7 uid=\n'.repeat(599_186));
  return [
    ['nothing', 'bundle_not_gzip', new Uint8Array()],
    ['text', 'bundle_not_gzip', Buffer.from('<html>404</html>')],
    ['a tar without gzip', 'bundle_not_gzip', tar],
    ['a zip', 'bundle_not_gzip', Buffer.from('PK\u0003\u0004')],
    ['two bytes of gzip', 'bundle_truncated', whole.subarray(0, 2)],
    ['gzip cut in the middle', 'bundle_truncated', whole.subarray(0, whole.byteLength >> 1)],
    ['gzip cut before its end', 'bundle_truncated', whole.subarray(0, -1)],
    ['a wrong checksum of gzip', 'bundle_bad_archive', flipped],
    ['gzip of no tar', 'bundle_bad_archive', gzipSync(Buffer.alloc(4_096, 'no tar '))],
    ['a tar cut in the middle', 'bundle_truncated', gzipSync(tar.subarray(0, 1_500))],
    ['an entry without a size', 'bundle_bad_archive', gzipSync(noSize)],
    ['a tar cut between two entries', 'bundle_truncated', gzipSync(open)],
    ['a tar with half its end marker', 'bundle_truncated', gzipSync(tar.subarray(0, -512))],
    ['an archive after the archive', 'bundle_bad_archive', gzipSync(Buffer.concat([tar, more]))],
    ['a gzip file after the gzip file', 'bundle_bad_archive', Buffer.concat([whole, gzipSync(more)])],
    ['text after the gzip file', 'bundle_bad_archive', Buffer.concat([whole, Buffer.from('more')])],
    // 90 KB, of which another reader takes half a minute.
    ['headers without end', 'bundle_bad_archive', gzipSync(Buffer.concat([open, ...Array<Buffer>(15).fill(tiny), endMarker]))],
    ['a bomb of zeros', 'bundle_too_large', gzipSync(Buffer.alloc(80 * 1024 * 1024))],
    ['too many bytes', 'bundle_too_large', Buffer.alloc(16 * 1024 * 1024 + 1, whole.subarray(0, 10))],
    ['no files', 'bundle_missing_file', gzipSync(Buffer.alloc(1_024))],
  ];
}

async function strangeEntries(good: readonly PackedEntry[]): Promise<readonly HostileBundle[]> {
  const entries: readonly [string, string, PackedEntry][] = [
    ['an entry above the root', 'bundle_unsafe_entry', { header: { name: '../escaped' }, data: 'x' }],
    ['an absolute entry above the root', 'bundle_unsafe_entry', { header: { name: '/../../tmp/escaped' }, data: 'x' }],
    ['an entry that goes up on its way', 'bundle_unsafe_entry', { header: { name: 'a/../../escaped' }, data: 'x' }],
    ['an entry of the current folder', 'bundle_unsafe_entry', { header: { name: './escaped' }, data: 'x' }],
    ['two slashes', 'bundle_unsafe_entry', { header: { name: '//escaped' }, data: 'x' }],
    ['a backslash', 'bundle_unsafe_entry', { header: { name: '..\\escaped' }, data: 'x' }],
    ['an endless name', 'bundle_unsafe_entry', { header: { name: `${'a/'.repeat(400)}escaped` }, data: 'x' }],
    ['a directory', 'bundle_unsafe_entry', { header: { name: 'escaped', type: 'directory' } }],
    ['a symbolic link', 'bundle_unsafe_entry', { header: { name: 'escaped', type: 'symlink', linkname: '/etc/passwd' } }],
    ['a hard link', 'bundle_unsafe_entry', { header: { name: 'escaped', type: 'link', linkname: 'data.json' } }],
    ['a device', 'bundle_unsafe_entry', { header: { name: 'escaped', type: 'character-device', devmajor: 1, devminor: 5 } }],
    ['a pipe', 'bundle_unsafe_entry', { header: { name: 'escaped', type: 'fifo' } }],
    ['data twice', 'bundle_duplicate_entry', { header: { name: '/data.json' }, data: '{}' }],
    ['a module twice, once without its slash', 'bundle_duplicate_entry', { header: { name: 'policy.wasm' }, data: 'x' }],
  ];
  const made = entries.map(
    async ([name, code, entry]): Promise<HostileBundle> => [name, code, await packBundle([...good, entry])],
  );
  const many = Array.from({ length: 1_001 }, (_, index) => ({ header: { name: `f${index}` }, data: '' }));
  return [...(await Promise.all(made)), ['too many entries', 'bundle_too_large', await packBundle([...good, ...many])]];
}

async function wrongFiles(good: readonly PackedEntry[]): Promise<readonly HostileBundle[]> {
  const files: readonly [string, string, string, string | Uint8Array | undefined][] = [
    ['no module', 'bundle_missing_file', '/policy.wasm', undefined],
    ['a second module', 'bundle_bad_archive', '/a/policy.wasm', emptyModule],
    ['a module by another name', 'bundle_bad_archive', '/other.wasm', emptyModule],
    ['data below the root', 'bundle_bad_archive', '/directory/data.json', '{"grants":{}}'],
    ['data in YAML', 'bundle_bad_archive', '/data.yaml', 'directory: {}'],
    ['a second manifest', 'bundle_bad_archive', '/a/.manifest', '{}'],
    ['a second manifest by another name', 'bundle_bad_archive', '/x.manifest', '{}'],
    ['a manifest that OPA would prefer', 'bundle_bad_archive', '/.manifest.pb', 'x'],
    ['a patch', 'bundle_bad_archive', '/patch.json', '{"data":[]}'],
    ['a signature that nobody checks', 'bundle_unverified', '/.signatures.json', '{"signatures":[]}'],
    ['data that is no JSON', 'bundle_bad_json', '/data.json', '{"directory":'],
    ['data that is no Unicode', 'bundle_bad_json', '/data.json', Uint8Array.of(0x7b, 0xff, 0x7d)],
    ['data that is a list', 'bundle_bad_json', '/data.json', '[]'],
    ['data that nests too deeply', 'bundle_bad_json', '/data.json', `{"a":${deep('[', ']', 100_000)}}`],
    ['data with half a character', 'bundle_bad_json', '/data.json', '{"a":"\\ud800"}'],
    ['directory that is no object', 'bundle_bad_json', '/data.json', '{"directory":[]}'],
    ['grants of its own', 'bundle_bad_json', '/data.json', '{"directory":{"grants":{}}}'],
    ['grants that are none', 'bundle_bad_json', '/data.json', '{"directory":{"grants":{"idz":{}}}}'],
  ];
  return Promise.all(
    files.map(
      async ([name, code, path, data]): Promise<HostileBundle> => [name, code, await packBundle(withEntry(good, path, data))],
    ),
  );
}

async function wrongManifests(good: readonly PackedEntry[]): Promise<readonly HostileBundle[]> {
  const text = Buffer.from(good.find(({ header }) => header.name === '/.manifest')?.data ?? '').toString();
  const of = (change: (manifest: Json, record: Json) => unknown): string => {
    const manifest = JSON.parse(text) as Json;
    const { dirgate } = manifest['metadata'] as { readonly dirgate: Json };
    return JSON.stringify(change(manifest, dirgate));
  };
  const withRecord = (members: Json) =>
    of((manifest, record) => ({ ...manifest, metadata: { dirgate: { ...record, ...members } } }));
  const deny = { note: 'deny', input: {}, allow: false };
  const manifests: readonly [string, string, string][] = [
    ['a manifest that is no JSON', 'bundle_bad_json', text.slice(0, -2)],
    ['a manifest that is no object', 'bundle_bad_manifest', '"x"'],
    ['a revision that is no text', 'bundle_bad_manifest', of((manifest) => ({ ...manifest, revision: {} }))],
    ['roots elsewhere', 'bundle_bad_manifest', of((manifest) => ({ ...manifest, roots: ['other'] }))],
    ['roots that overlap', 'bundle_bad_manifest', of((manifest) => ({ ...manifest, roots: ['', 'directory'] }))],
    ['another module named', 'bundle_bad_manifest', of((manifest) => ({ ...manifest, wasm: [{ module: '/x.wasm' }] }))],
    [
      'a module for another entrypoint',
      'bundle_missing_entrypoint',
      of((manifest) => ({ ...manifest, wasm: [{ module: '/policy.wasm' }] })),
    ],
    ['roots that only OPA reads', 'bundle_bad_manifest', of((manifest) => ({ ...manifest, Roots: ['other'] }))],
    ['a record of another module', 'bundle_digest_mismatch', withRecord({ wasm_sha256: '00' })],
    ['a record with an unknown member', 'bundle_bad_record', withRecord({ fail_open: true })],
    ['a record with a member of two lines', 'bundle_bad_record', withRecord({ 'fail\nopen': true })],
    ['probes with a member of two lines', 'bundle_bad_record', withRecord({ probes: { 'a\nb': 1 } })],
    ['a record without probes', 'bundle_bad_record', withRecord({ probes: undefined })],
    ['a record without phases', 'bundle_bad_record', withRecord({ phases: [] })],
    ['a record that hides what it reads', 'bundle_phase_unread', withRecord({ inputs: [['resource', 'properties']] })],
    [
      'a probe that does not hold',
      'bundle_probe_failed',
      withRecord({ probes: { cases: [deny, { note: 'all', input: {}, allow: true }] } }),
    ],
  ];
  return Promise.all(
    manifests.map(
      async ([name, code, manifest]): Promise<HostileBundle> => [
        name,
        code,
        await packBundle(withEntry(good, '/.manifest', manifest)),
      ],
    ),
  );
}

async function wrongModules(good: readonly PackedEntry[]): Promise<readonly HostileBundle[]> {
  const bare = withEntry(good, '/.manifest', undefined);
  const wasm = good.find(({ header }) => header.name === '/policy.wasm')?.data ?? '';
  const modules: readonly [string, string, string | Uint8Array][] = [
    ['an empty file as module', 'bundle_bad_wasm', ''],
    ['text as module', 'bundle_bad_wasm', 'module'],
    ['a module with nothing in it', 'bundle_bad_wasm', emptyModule],
    ['half a module', 'bundle_bad_wasm', Buffer.from(wasm).subarray(0, wasm.length >> 1)],
  ];
  const made = modules.map(
    async ([name, code, module]): Promise<HostileBundle> => [
      name,
      code,
      await packBundle(withEntry(bare, '/policy.wasm', module)),
    ],
  );
  const fixture = async (name: 'other-entrypoint' | 'foreign-builtin') => packBundle(await unpackBundle(fixtureBundle(name)));
  return [
    ...(await Promise.all(made)),
    ['another entrypoint', 'bundle_missing_entrypoint', await fixture('other-entrypoint')],
    ['a built-in that is missing', 'bundle_unknown_builtin', await fixture('foreign-builtin')],
  ];
}
