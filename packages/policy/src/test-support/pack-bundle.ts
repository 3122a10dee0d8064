import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { extract, type Header, pack } from 'tar-stream';

const root = new URL('../../../../', import.meta.url);

/** Path of the bundle that the repository ships. */
export const shippedBundle = fileURLToPath(new URL('policies/dist/directory.tar.gz', root));

/** Path of one of the bundles of `test-support/bundles`. */
export function fixtureBundle(
  name: 'echo' | 'foreign-builtin' | 'other-entrypoint' | 'replacing' | 'signed' | 'splitting',
): string {
  return fileURLToPath(new URL(`./bundles/${name}.tar.gz`, import.meta.url));
}

/** One entry of an archive to be made; `data` is text or bytes. */
export interface PackedEntry {
  readonly header: Partial<Header> & { readonly name: string };
  readonly data?: string | Uint8Array;
}

/** The entries of a bundle on disk. */
export async function unpackBundle(path: string): Promise<readonly PackedEntry[]> {
  const entries: PackedEntry[] = [];
  const archive = extract();
  archive.end(gunzipSync(readFileSync(path)));
  for await (const entry of archive) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    entries.push({ header: { name: entry.header.name }, data: Buffer.concat(chunks) });
  }
  return entries;
}

/** A `.tar` of exactly these entries, whatever they are. */
export async function packTar(entries: readonly PackedEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { header, data } of entries) {
    archive.entry({ ...header, ...(data === undefined && { size: 0 }) }, Buffer.from(data ?? ''));
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** A `.tar.gz` of exactly these entries. */
export async function packBundle(entries: readonly PackedEntry[]): Promise<Buffer> {
  return gzipSync(await packTar(entries));
}

/** The entries with one of them replaced, added, or (without data) left out. */
export function withEntry(
  entries: readonly PackedEntry[],
  name: string,
  data: string | Uint8Array | undefined,
): readonly PackedEntry[] {
  const others = entries.filter((entry) => entry.header.name !== name);
  return data === undefined ? others : [...others, { header: { name }, data }];
}
