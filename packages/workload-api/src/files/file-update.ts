import { createPrivateKey } from 'node:crypto';
import {
  type JwtBundle,
  parseSpiffeBundle,
  parseX509BundlePem,
  parseX509Svid,
  type TrustDomain,
  type X509Bundle,
} from '@dirgate/spiffe';
import { type BundleEntry, type BundleReport, causeOf } from '../updates/bundle-entry.js';
import { entryOf } from '../updates/bundle-map.js';
import type { JwtSnapshot } from '../updates/jwt-update.js';
import { verifyOwnSvid } from '../updates/verify-own-svid.js';
import type { X509Snapshot, X509SvidEntry } from '../updates/x509-snapshot.js';
import { WorkloadApiError } from '../workload-api-error.js';
import type { FileContent } from './identity-files.js';
import { readPemBlocks } from './pem-blocks.js';

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
 * Validates the files of an identity: SVID, key and own bundle as a whole, each federated bundle for itself. On return SVID, key and
 * own bundle belong together and the SVID is valid now, or `refused` says why they do not and the SVID is the previous one.
 * Trust that was taken away is gone in any case: a federated bundle that cannot be read is reported and left out, and our own bundle
 * takes effect where it can be read with the SVID's files, though it does not prove the SVID. What did not change is the same object as before.
 *
 * @throws WorkloadApiError `file_unreadable`, `file_invalid`, `key_file_exposed`: there was nothing before, and this is nothing either
 */
export function readFileUpdate(contents: IdentityContents, context: FileUpdateContext): FileSnapshot {
  const { previous } = context;
  const own = readOwn(contents, context);
  const bundles: FileBundles = { x509: new Map(), jwt: new Map() };
  for (const [of, { path, content }] of contents.federated) {
    const report = (problem: string): void => context.report(`${path}: ${problem}`);
    if (of.equals(own.trustDomain)) context.report(`${path} is given for our own trust domain ${of.id}; our own bundle stays`);
    else if ('error' in content) context.report(`${content.error.message}; ${of.id} is not trusted`);
    else addBundle(bundles, bundleOf(of, content.bytes, previous, report));
  }
  addBundle(bundles, own.bundle);
  const { svids, refused } = own;
  return {
    x509: { svids, chosen: svids[0]?.svid, bundles: bundles.x509, ...(refused && { refused }) },
    jwt: { bundles: bundles.jwt },
  };
}

/** A bundle in both forms that a file may bring. */
interface FileBundle {
  readonly x509: BundleEntry<X509Bundle> | undefined;
  readonly jwt: BundleEntry<JwtBundle> | undefined;
}

/** All of them, by trust domain name. */
interface FileBundles {
  readonly x509: Map<string, BundleEntry<X509Bundle>>;
  readonly jwt: Map<string, BundleEntry<JwtBundle>>;
}

/** There are few of them, and a fault is to be seen now. What is not read as a whole is not trusted in part. */
function addBundle(all: FileBundles, { x509, jwt }: FileBundle): void {
  if (x509) all.x509.set(x509.trustDomain.name, x509);
  if (x509?.bundle && jwt?.bundle) all.jwt.set(jwt.trustDomain.name, jwt);
}

function bundleOf(of: TrustDomain, raw: Uint8Array, previous: FileSnapshot | undefined, report: BundleReport): FileBundle {
  return {
    x509: entryOf(of, raw, previous?.x509.bundles.get(of.name), { parse: parseX509, report }),
    jwt: isJson(raw) ? entryOf(of, raw, previous?.jwt.bundles.get(of.name), { parse: parseJwt, report }) : undefined,
  };
}

/** Our own part of the files. */
interface OwnFiles {
  readonly trustDomain: TrustDomain;
  readonly svids: readonly X509SvidEntry[];
  readonly bundle: FileBundle;
  readonly refused?: WorkloadApiError;
}

/** @throws WorkloadApiError where nothing was there before */
function readOwn({ svid, key, bundle: file }: IdentityContents, { previous, now }: FileUpdateContext): OwnFiles {
  const [before] = previous?.x509.svids ?? [];
  let read: { readonly entry: X509SvidEntry; readonly bundle: FileBundle; readonly x509: X509Bundle };
  try {
    const entry = readSvid(svid, key, before);
    const bundle = bundleOf(entry.svid.id.trustDomain, bytesOf(file), previous, () => {});
    read = { entry, bundle, x509: requireOwn(file, bundle) };
  } catch (cause) {
    // Whatever it is: it must not keep the others' bundles as they were.
    const refused = cause instanceof WorkloadApiError ? cause : invalid(svid.path, causeOf(cause), cause);
    if (!previous || !before) throw refused;
    const { trustDomain } = before.svid.id;
    const { name } = trustDomain;
    const kept = { x509: previous.x509.bundles.get(name), jwt: previous.jwt.bundles.get(name) };
    return { trustDomain, svids: [before], bundle: kept, refused: stays(refused, 'the identity stays as it was') };
  }
  const { entry, bundle, x509 } = read;
  const { trustDomain } = entry.svid.id;
  try {
    verifyOwnSvid(entry.svid, x509, now);
    return { trustDomain, svids: [entry], bundle };
  } catch (cause) {
    const why = `it is not the bundle of the SVID, or the SVID is not valid (${causeOf(cause)})`;
    const refused = invalid(file.path, why, cause);
    if (!before) throw refused;
    return { trustDomain, svids: [before], bundle, refused: stays(refused, 'it takes effect, and the SVID stays as it was') };
  }
}

function requireOwn({ path }: NamedContent, { x509, jwt }: FileBundle): X509Bundle {
  try {
    jwt?.require();
    if (x509) return x509.require();
  } catch (cause) {
    throw invalid(path, causeOf(cause), cause);
  }
  throw invalid(path, 'it holds no bundle');
}

function stays({ code, message, cause }: WorkloadApiError, what: string): WorkloadApiError {
  return new WorkloadApiError(code, `${message}; ${what}`, { cause });
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
