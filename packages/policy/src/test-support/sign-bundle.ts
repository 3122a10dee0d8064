import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import type { BundleKey } from '../bundle/bundle-keys.js';
import { structuralJson } from '../bundle/structural-json.js';
import { type PackedEntry, withEntry } from './pack-bundle.js';

/** A key pair to sign bundles with. */
export interface SigningKey {
  readonly trusted: BundleKey;
  readonly privateKey: KeyObject;
}

/** A fresh ES256 key. */
export function signingKey(id = 'k1'): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { trusted: { id, algorithm: 'ES256', publicKey: pem }, privateKey };
}

/** How {@link signEntries} deviates from what `opa build` does. */
export interface SigningOptions {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: JWTPayload;
}

/** The entries with a signature over all of them. */
export async function signEntries(
  entries: readonly PackedEntry[],
  { trusted, privateKey }: SigningKey,
  { header = {}, claims = {} }: SigningOptions = {},
): Promise<readonly PackedEntry[]> {
  const token = await new SignJWT({ files: fileList(entries), ...claims })
    .setProtectedHeader({ alg: trusted.algorithm, kid: trusted.id, ...header })
    .sign(privateKey);
  return withSignatures(entries, [token]);
}

/** The entries with these signatures. */
export function withSignatures(entries: readonly PackedEntry[], signatures: unknown): readonly PackedEntry[] {
  return withEntry(entries, '/.signatures.json', JSON.stringify({ signatures }));
}

/** The `files` claim for these entries. */
export function fileList(entries: readonly PackedEntry[]): readonly Readonly<Record<'name' | 'hash' | 'algorithm', string>>[] {
  return entries.map(({ header, data = '' }) => {
    const name = header.name.replace(/^\//, '');
    const isStructured = name === 'data.json' || name === '.manifest';
    const hashed = isStructured ? structuralJson(Buffer.from(data).toString()) : data;
    return { name, hash: hash('sha256', hashed), algorithm: 'SHA-256' };
  });
}
