import { createPrivateKey } from 'node:crypto';
import {
  type JwtBundle,
  parseSpiffeBundle,
  parseX509BundlePem,
  parseX509Svid,
  type TrustDomain,
  type X509Bundle,
} from '@dirgate/spiffe';
import { type BundleEntry, type BundleReport, type ComparableBundle, causeOf } from './bundle-entry.js';
import { type BundleEntries, entryOf } from './bundle-map.js';
import type { FileContent } from './identity-files.js';
import type { JwtSnapshot } from './jwt-update.js';
import { readPemBlocks } from './pem-blocks.js';
import { verifyOwnSvid } from './verify-own-svid.js';
import { WorkloadApiError } from './workload-api-error.js';
import type { X509Snapshot, X509SvidEntry } from './x509-snapshot.js';

/** A file by its name and what was in it. */
export interface NamedContent {
  readonly path: string;
  readonly content: FileContent;
}

/** All files of an identity, read at one moment. */
export interface IdentityContents {
  readonly svid: NamedContent;
  readonly key: NamedContent;
  readonly bundle: NamedContent;
  readonly federated: ReadonlyMap<TrustDomain, NamedContent>;
}

/** Both kinds of state that files hold. */
export interface FileSnapshot {
  readonly x509: X509Snapshot;
  readonly jwt: JwtSnapshot;
}

/** What the files are read against. */
export interface FileUpdateContext {
  readonly previous: FileSnapshot | undefined;
  readonly now: number;
  /** Told of each federated bundle that is not trusted while the rest takes effect (TW-7). */
  readonly report: BundleReport;
}

/**
 * Validates the files of an identity as a whole: SVID, key and own bundle belong together and the SVID is valid now. What did
 * not change is the same object as before. A federated bundle that cannot be read is reported and left out.
 *
 * @throws WorkloadApiError `file_unreadable`, `file_invalid`, `key_file_exposed`: the files must be left alone, the previous state kept
 */
export function readFileUpdate({ svid, key, bundle, federated }: IdentityContents, context: FileUpdateContext): FileSnapshot {
  const { previous, now, report } = context;
  const entry = readSvid(svid, key, previous?.x509.svids[0]);
  const { trustDomain } = entry.svid.id;
  const x509 = new Map<string, BundleEntry<X509Bundle>>();
  const jwt = new Map<string, BundleEntry<JwtBundle>>();
  const add = (of: TrustDomain, raw: Uint8Array, tell: BundleReport): BundleEntry<X509Bundle> => {
    const added = entryOf(of, raw, previous?.x509.bundles.get(of.name), { parse: parseX509, report: tell });
    x509.set(of.name, added);
    if (isJson(raw)) jwt.set(of.name, entryOf(of, raw, previous?.jwt.bundles.get(of.name), { parse: parseJwt, report: tell }));
    return added;
  };
  for (const [of, { path, content }] of federated) {
    if (of.equals(trustDomain)) report(`${path} is given for our own trust domain ${of.id}; our own bundle stays`);
    else if ('error' in content) report(`${content.error.message}; ${of.id} is not trusted`);
    else if (add(of, content.bytes, (problem) => report(`${path}: ${problem}`)).bundle === undefined) jwt.delete(of.name);
  }
  requireOwn(bundle, () => verifyOwnSvid(entry.svid, add(trustDomain, bytesOf(bundle), () => {}).require(), now));
  return { x509: { svids: [entry], chosen: entry.svid, bundles: readNow(x509) }, jwt: { bundles: readNow(jwt) } };
}

function requireOwn({ path }: NamedContent, check: () => void): void {
  try {
    check();
  } catch (cause) {
    if (cause instanceof WorkloadApiError) throw cause;
    throw invalid(path, `it is not the bundle of the SVID, or the SVID is not valid (${causeOf(cause)})`, cause);
  }
}

/** There are few of them, and a fault is to be seen now. */
function readNow<Bundle extends ComparableBundle<Bundle>>(entries: BundleEntries<Bundle>): BundleEntries<Bundle> {
  for (const entry of entries.values()) void entry.bundle;
  return entries;
}

function readSvid(svid: NamedContent, key: NamedContent, previous: X509SvidEntry | undefined): X509SvidEntry {
  const chain = readChain(svid);
  const privateKey = readKey(key);
  if (previous && Buffer.compare(previous.chain, chain) === 0 && Buffer.compare(previous.privateKey, privateKey) === 0) {
    return previous;
  }
  try {
    return { svid: parseX509Svid({ chain, privateKey }), chain, privateKey };
  } catch (cause) {
    throw invalid(`${svid.path} with ${key.path}`, causeOf(cause), cause);
  }
}

function readChain(file: NamedContent): Uint8Array {
  const blocks = readPemBlocks(textOf(file));
  if (!blocks?.every(({ label }) => label === 'CERTIFICATE')) throw invalid(file.path, 'it is not a list of PEM certificates');
  return Buffer.concat(blocks.map(({ der }) => der));
}

/** PKCS#8, whatever of the three usual forms it is in. */
function readKey(file: NamedContent): Uint8Array {
  const [block, ...others] = readPemBlocks(textOf(file)) ?? [];
  if (block && others.length === 0) {
    try {
      if (block.label === 'PRIVATE KEY') return block.der;
      if (block.label === 'EC PRIVATE KEY') return toPkcs8(block.der, 'sec1');
      if (block.label === 'RSA PRIVATE KEY') return toPkcs8(block.der, 'pkcs1');
    } catch {
      // Nothing that was said about a private key is worth carrying on.
    }
  }
  throw invalid(file.path, 'it is not one unencrypted private key in PEM');
}

function toPkcs8(der: Uint8Array, type: 'sec1' | 'pkcs1'): Uint8Array {
  return createPrivateKey({ key: Buffer.from(der), format: 'der', type }).export({ format: 'der', type: 'pkcs8' });
}

function parseX509(trustDomain: TrustDomain, raw: Uint8Array): X509Bundle {
  return isJson(raw) ? parseSpiffeBundle(trustDomain, raw).x509Bundle : parseX509BundlePem(trustDomain, decode(raw));
}

function parseJwt(trustDomain: TrustDomain, raw: Uint8Array): JwtBundle {
  return parseSpiffeBundle(trustDomain, raw).jwtBundle;
}

/** A SPIFFE bundle document; PEM never begins like this. */
function isJson(raw: Uint8Array): boolean {
  return /^\s*\{/.test(decode(raw.subarray(0, 64)));
}

function bytesOf({ content }: NamedContent): Uint8Array {
  if ('error' in content) throw content.error;
  return content.bytes;
}

function textOf(file: NamedContent): string {
  return decode(bytesOf(file));
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function invalid(what: string, why: string, cause?: unknown): WorkloadApiError {
  return new WorkloadApiError('file_invalid', `${what}: ${why}`, { cause });
}
