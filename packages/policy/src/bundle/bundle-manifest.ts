import { isJsonObject, type JsonObject } from '../json-object.js';
import { PolicyError } from '../policy-error.js';
import { type BundleRecord, noRecord, parseBundleRecord } from './bundle-record.js';

/** What we use of a bundle's `/.manifest`. */
export interface BundleManifest {
  /** As its builder named it; empty when it did not. */
  readonly revision: string;
  readonly record: BundleRecord;
}

const ownPath = ['directory', 'authz', 'decision'];

/**
 * Reads the manifest of a bundle; a bundle without one gives the defaults.
 * Its roots must cover the entrypoint and all of `data`, and the one module that it may name is `/policy.wasm`.
 *
 * @throws {PolicyError} `bundle_bad_manifest`, and as {@link parseBundleRecord}
 */
export function parseBundleManifest(manifest: unknown, data: JsonObject, origin: string): BundleManifest {
  if (manifest === undefined) return { revision: '', record: noRecord };
  if (!isJsonObject(manifest)) throw bad(origin, 'it is not an object');
  const { revision = '', roots, wasm, metadata } = manifest;
  if (typeof revision !== 'string') throw bad(origin, 'revision is not text');
  if (roots !== undefined) checkRoots(readRoots(roots, origin), data, origin);
  if (wasm !== undefined && !(Array.isArray(wasm) && wasm.every(isOurModule))) {
    throw bad(origin, 'wasm names a module other than /policy.wasm');
  }
  if (metadata === undefined) return { revision, record: noRecord };
  if (!isJsonObject(metadata)) throw bad(origin, 'metadata is not an object');
  return { revision, record: parseBundleRecord(metadata['dirgate'], origin) };
}

function readRoots(roots: unknown, origin: string): readonly (readonly string[])[] {
  if (!Array.isArray(roots) || !roots.every((root) => typeof root === 'string')) throw bad(origin, 'roots are not texts');
  return roots.map((root) => root.split('/').filter((segment) => segment !== ''));
}

// OPA refuses such a bundle too.
function checkRoots(roots: readonly (readonly string[])[], data: JsonObject, origin: string): void {
  if (roots.some((one, index) => roots.some((other, place) => place !== index && startsWith(one, other)))) {
    throw bad(origin, 'one of the roots lies below another');
  }
  if (!roots.some((root) => startsWith(ownPath, root))) throw bad(origin, `the roots do not cover ${ownPath.join('/')}`);
  const check = (value: unknown, path: readonly string[]): void => {
    if (roots.some((root) => startsWith(path, root))) return;
    if (!isJsonObject(value) || !roots.some((root) => startsWith(root, path))) {
      throw bad(origin, `/data.json has data outside of the roots, at ${JSON.stringify(path.join('/').slice(0, 200))}`);
    }
    for (const [key, inner] of Object.entries(value)) check(inner, [...path, key]);
  };
  check(data, []);
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.every((segment, index) => path[index] === segment);
}

function isOurModule(resolver: unknown): boolean {
  return isJsonObject(resolver) && (resolver['module'] === '/policy.wasm' || resolver['module'] === 'policy.wasm');
}

function bad(origin: string, reason: string): PolicyError {
  return new PolicyError('bundle_bad_manifest', `${origin}: /.manifest: ${reason}; build the bundle with \`opa build\``);
}
