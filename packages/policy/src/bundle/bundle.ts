import { hash } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../json-object.js';
import { parseJson } from '../parse-json.js';
import { PolicyError } from '../policy-error.js';
import { type BundleManifest, parseBundleManifest } from './bundle-manifest.js';

/** An OPA bundle, taken apart and checked as far as that goes without running it. Signatures are not verified. */
export interface Bundle {
  readonly wasm: Uint8Array;
  readonly data: JsonObject;
  readonly manifest: BundleManifest;
  /** Hex SHA-256 over the names and contents of its files, signatures apart: the same however it is packed. */
  readonly sha256: string;
}

/** What OPA would read and we would not: leaving it out would change what the bundle means. A manifest is one whatever it is called before that. */
const unread = /\.wasm$|\.manifest(\.pb)?$|(^|\/)(data\.(json|ya?ml)|patch\.json|\.signatures\.json|plan\.(json|pb))$/;
const ours: ReadonlySet<string> = new Set(['policy.wasm', 'data.json', '.manifest', '.signatures.json']);

/**
 * Takes the files of a bundle apart: `/policy.wasm`, `/data.json`, `/.manifest`.
 * A bundle with data elsewhere or with a second module is refused.
 *
 * @throws {PolicyError} `bundle_missing_file`, `bundle_bad_archive`, `bundle_bad_json`, `bundle_digest_mismatch`, and as
 * {@link parseBundleManifest}
 */
export function parseBundle(files: ReadonlyMap<string, Uint8Array>, origin: string): Bundle {
  const wasm = files.get('policy.wasm');
  if (wasm === undefined) {
    throw new PolicyError('bundle_missing_file', `${origin}: holds no /policy.wasm; build it with \`opa build -t wasm\``);
  }
  for (const path of files.keys()) {
    if (unread.test(path) && !ours.has(path)) {
      throw new PolicyError(
        'bundle_bad_archive',
        `${origin}: /${path} would not be read; build the bundle with \`opa build -t wasm\``,
      );
    }
  }
  const data = parseJson(files.get('data.json'), '/data.json', origin) ?? {};
  if (!isJsonObject(data)) throw new PolicyError('bundle_bad_json', `${origin}: /data.json is not an object`);
  const manifest = parseBundleManifest(parseJson(files.get('.manifest'), '/.manifest', origin), data, origin);
  const { wasmSha256 } = manifest.record;
  if (wasmSha256 !== undefined && wasmSha256 !== sha256(wasm)) {
    throw new PolicyError(
      'bundle_digest_mismatch',
      `${origin}: /policy.wasm is not the one that the manifest's record is about; build the bundle with \`npm run policy:build\``,
    );
  }
  return { wasm, data, manifest, sha256: digest(files) };
}

function digest(files: ReadonlyMap<string, Uint8Array>): string {
  const lines = [...files].filter(([path]) => path !== '.signatures.json').map(([path, bytes]) => `${sha256(bytes)} ${path}\0`);
  return sha256(lines.sort().join(''));
}

function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex');
}
