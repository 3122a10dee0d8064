import { hash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { isJsonObject, type JsonObject } from '../json-object.js';
import { parseJson } from '../parse-json.js';
import { PolicyError } from '../policy-error.js';
import type { ReadVerification } from './bundle-verification.js';
import { structuralJson } from './structural-json.js';

const signaturesPath = '.signatures.json';
/** A thousand files with long names. It is read before anything is known of who wrote it. */
const maxSignaturesBytes = 2 * 1024 * 1024;

const hashes = new Map([
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

/**
 * Checks the signature of a bundle as OPA makes it: one token, by a known key with the algorithm of that key, in the wanted scope,
 * that lists each file with its hash. What it lists and what is there are the same.
 * Without `verification` a bundle must not be signed, as OPA has it: somebody meant it to be checked.
 *
 * @throws {PolicyError} `bundle_unverified`, `bundle_unsigned`, `bundle_bad_signature`, `bundle_unlisted_file`,
 * `bundle_missing_file`, `bundle_changed_file`
 */
export async function verifyBundle(
  files: ReadonlyMap<string, Uint8Array>,
  verification: ReadVerification | undefined,
  now: number,
  origin: string,
): Promise<void> {
  const signatures = files.get(signaturesPath);
  if (verification === undefined) {
    if (signatures === undefined) return;
    throw new PolicyError(
      'bundle_unverified',
      `${origin}: it is signed and there is no key to check that; give \`verification\``,
    );
  }
  if (signatures === undefined) {
    throw new PolicyError('bundle_unsigned', `${origin}: it is not signed; build it with \`opa build --signing-key\``);
  }
  if (signatures.byteLength > maxSignaturesBytes) throw bad(origin, `it is larger than ${maxSignaturesBytes} bytes`);
  const token = readToken(parseJson(signatures, `/${signaturesPath}`, origin), origin);
  const payload = await verifyToken(token, verification, now, origin);
  const listed = readFiles(payload['files'], origin);
  for (const [path, bytes] of files) {
    if (path === signaturesPath) continue;
    const entry = listed.get(path);
    if (entry === undefined) {
      throw new PolicyError('bundle_unlisted_file', `${origin}: /${path} is not in the signature; ${remedy}`);
    }
    checkHash(path, bytes, entry, origin);
  }
  for (const path of listed.keys()) {
    if (!files.has(path)) {
      throw new PolicyError('bundle_missing_file', `${origin}: /${path} is in the signature and not in the bundle; ${remedy}`);
    }
  }
}

const remedy = 'sign the bundle anew';

function readToken(document: unknown, origin: string): string {
  if (!isJsonObject(document)) throw bad(origin, 'it is not an object');
  const { signatures, plugin, ...unknown } = document;
  if (Object.keys(unknown).length > 0) throw bad(origin, 'it has a member other than signatures and plugin');
  // `_default`: what `opa build` writes when there is none.
  if (plugin !== undefined && plugin !== '_default') throw bad(origin, 'it asks for a plugin, and there are none here');
  if (!Array.isArray(signatures) || signatures.length !== 1) throw bad(origin, 'it must hold exactly one signature');
  const [token] = signatures as readonly unknown[];
  if (typeof token !== 'string') throw bad(origin, 'its signature is not text');
  return token;
}

async function verifyToken(token: string, verification: ReadVerification, now: number, origin: string): Promise<JWTPayload> {
  let named: unknown;
  try {
    // `opa build` names the key in the header, `opa sign` in a claim.
    named = decodeProtectedHeader(token).kid ?? decodeJwt(token)['keyid'];
  } catch (cause) {
    throw bad(origin, 'it is not a JWT', cause);
  }
  if (typeof named !== 'string' || named === '') throw bad(origin, 'it names no key');
  const trusted = verification.keys.get(named);
  if (trusted === undefined) throw bad(origin, `it names the key ${JSON.stringify(named.slice(0, 100))}, which is not trusted`);
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(token, trusted.key, { algorithms: [trusted.algorithm], currentDate: new Date(now) }));
  } catch (cause) {
    throw bad(origin, cause instanceof errors.JOSEError ? cause.code : 'it cannot be verified', cause);
  }
  const { scope = '' } = payload;
  if (scope !== verification.scope) throw bad(origin, `its scope is not ${JSON.stringify(verification.scope)}`);
  return payload;
}

function readFiles(files: unknown, origin: string): ReadonlyMap<string, JsonObject> {
  if (!Array.isArray(files)) throw bad(origin, 'it lists no files');
  const listed = new Map<string, JsonObject>();
  for (const entry of files as readonly unknown[]) {
    const name = isJsonObject(entry) ? entry['name'] : undefined;
    if (!isJsonObject(entry) || typeof name !== 'string') throw bad(origin, 'it lists something that is no file');
    if (listed.has(name)) throw bad(origin, `it lists ${JSON.stringify(name.slice(0, 100))} twice`);
    listed.set(name, entry);
  }
  return listed;
}

function checkHash(path: string, bytes: Uint8Array, entry: JsonObject, origin: string): void {
  const { algorithm, hash: wanted } = entry;
  const digest = typeof algorithm === 'string' ? hashes.get(algorithm) : undefined;
  if (digest === undefined) throw bad(origin, `/${path} has no hash by SHA-256, SHA-384 or SHA-512`);
  if (hash(digest, hashed(path, bytes, origin)) !== wanted) {
    throw new PolicyError('bundle_changed_file', `${origin}: /${path} is not what was signed; ${remedy}`);
  }
}

// OPA hashes these by structure (`IsStructuredDoc` in its bundle/bundle.go) and all others, whatever their names, as they are.
function hashed(path: string, bytes: Uint8Array, origin: string): Uint8Array | string {
  if (path !== 'data.json' && path !== '.manifest') return bytes;
  parseJson(bytes, `/${path}`, origin);
  try {
    return structuralJson(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new PolicyError('bundle_bad_json', `${origin}: /${path} cannot be hashed; ${remedy}`, { cause });
  }
}

function bad(origin: string, reason: string, cause?: unknown): PolicyError {
  return new PolicyError('bundle_bad_signature', `${origin}: /${signaturesPath}: ${reason}; ${remedy}`, { cause });
}
