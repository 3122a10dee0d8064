import { isJsonObject, type JsonObject } from '../json-object.js';
import { PolicyError } from '../policy-error.js';
import { type BundleRecord, noRecord, parseBundleRecord } from './bundle-record.js';

/** What we use of a bundle's `/.manifest`. */
export interface BundleManifest {
  /** As its builder named it; empty when it did not. */
  readonly revision: string;
  readonly record: BundleRecord;
}

const maxRevisionLength = 1_000;
/** Each is compared with each, and with all data. */
const maxRoots = 1_000;
const ownPath = ['directory', 'authz', 'decision'];
const members: ReadonlySet<string> = new Set(['revision', 'roots', 'wasm', 'metadata', 'rego_version', 'file_rego_versions']);

/**
 * Reads the manifest of a bundle; a bundle without one gives the defaults.
 * Its roots must cover the entrypoint and all of `data`, the one module that it may name is `/policy.wasm`, and where it names
 * modules it must name that one for the entrypoint: for what it does not name OPA would take the Rego sources.
 *
 * @throws {PolicyError} `bundle_bad_manifest`, `bundle_missing_entrypoint`, and as {@link parseBundleRecord}
 */
export function parseBundleManifest(manifest: unknown, data: JsonObject, origin: string): BundleManifest {
  if (manifest === undefined) return { revision: '', record: noRecord };
  if (!isJsonObject(manifest)) throw bad(origin, 'it is not an object');
  // OPA reads these too, and what it says of roots or modules would go unseen here.
  const misspelt = Object.keys(manifest).find((name) => !members.has(name) && members.has(name.toUpperCase().toLowerCase()));
  if (misspelt !== undefined) throw bad(origin, `${JSON.stringify(misspelt)} must be written in lower case`);
  const { revision = '', roots, wasm, metadata } = manifest;
  // It stands in the log and in the status.
  if (typeof revision !== 'string' || revision.length > maxRevisionLength) {
    throw bad(origin, `revision is not text of at most ${maxRevisionLength} characters`);
  }
  if (roots !== undefined) checkRoots(readRoots(roots, origin), data, origin);
  if (wasm !== undefined) checkModules(wasm, origin);
  if (metadata === undefined) return { revision, record: noRecord };
  if (!isJsonObject(metadata)) throw bad(origin, 'metadata is not an object');
  return { revision, record: parseBundleRecord(metadata['dirgate'], origin) };
}

function readRoots(roots: unknown, origin: string): readonly (readonly string[])[] {
  if (!Array.isArray(roots) || !roots.every((root) => typeof root === 'string')) throw bad(origin, 'roots are not texts');
  if (roots.length > maxRoots) throw bad(origin, `it has more than ${maxRoots} roots`);
  // As OPA splits them: an empty segment in between is one, and covers nothing that is there. Not with an expression, which would take
  // its time over many slashes.
  return roots.map((root) => {
    const segments = root.split('/');
    const first = segments.findIndex((segment) => segment !== '');
    return first < 0 ? [] : segments.slice(first, segments.findLastIndex((segment) => segment !== '') + 1);
  });
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

function checkModules(resolvers: unknown, origin: string): void {
  if (!Array.isArray(resolvers)) throw bad(origin, 'wasm is not a list');
  const entrypoints = resolvers.map((resolver: unknown) => {
    const { module, entrypoint }: JsonObject = isJsonObject(resolver) ? resolver : {};
    if (module !== '/policy.wasm' && module !== 'policy.wasm') throw bad(origin, 'wasm names a module other than /policy.wasm');
    return entrypoint;
  });
  if (new Set(entrypoints).size !== entrypoints.length) throw bad(origin, 'wasm names an entrypoint twice');
  const own = ownPath.join('/');
  if (!entrypoints.includes(own)) {
    throw new PolicyError(
      'bundle_missing_entrypoint',
      `${origin}: /.manifest: wasm does not name ${own}; build the bundle with \`opa build -t wasm -e ${own}\``,
    );
  }
}

function bad(origin: string, reason: string): PolicyError {
  return new PolicyError('bundle_bad_manifest', `${origin}: /.manifest: ${reason}; build the bundle with \`opa build\``);
}
