import { hash } from 'node:crypto';
import { readArchive } from './archive.js';
import { type BundleRecord, parseBundleRecord } from './bundle-record.js';
import { isJsonObject, type JsonObject } from './json-object.js';
import { PolicyError } from './policy-error.js';

/** An OPA bundle, taken apart and checked as far as that goes without running it. Signatures are not verified. */
export interface Bundle {
  readonly wasm: Uint8Array;
  readonly data: JsonObject;
  readonly record: BundleRecord;
  /** Hex SHA-256 of the bundle's bytes. */
  readonly sha256: string;
}

/**
 * Takes a bundle apart: `/policy.wasm`, `/data.json`, `/.manifest`.
 * A bundle with data elsewhere or with a second module is refused, because leaving that out would change its meaning.
 *
 * @throws {PolicyError} the `bundle_*` codes, except those that need the module to be compiled
 */
export async function parseBundle(bytes: Uint8Array, origin: string): Promise<Bundle> {
  const files = await readArchive(bytes, origin);
  const wasm = files.get('policy.wasm');
  if (wasm === undefined) {
    throw new PolicyError('bundle_missing_file', `${origin}: holds no /policy.wasm; build it with \`opa build -t wasm\``);
  }
  for (const path of files.keys()) {
    if (path !== 'policy.wasm' && path !== 'data.json' && /\.wasm$|(^|\/)data\.(json|ya?ml)$/.test(path)) {
      throw new PolicyError(
        'bundle_bad_archive',
        `${origin}: /${path} would not be read; build the bundle with \`opa build -t wasm\``,
      );
    }
  }
  const data = parseJson(files.get('data.json'), '/data.json', origin) ?? {};
  if (!isJsonObject(data)) throw new PolicyError('bundle_bad_json', `${origin}: /data.json is not an object`);
  const record = parseBundleRecord(parseJson(files.get('.manifest'), '/.manifest', origin), origin);
  if (record.wasmSha256 !== undefined && record.wasmSha256 !== sha256(wasm)) {
    throw new PolicyError(
      'bundle_digest_mismatch',
      `${origin}: /policy.wasm is not the one that the manifest's record is about; build the bundle with \`npm run policy:build\``,
    );
  }
  return { wasm, data, record, sha256: sha256(bytes) };
}

function parseJson(bytes: Uint8Array | undefined, path: string, origin: string): unknown {
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PolicyError('bundle_bad_json', `${origin}: ${path} is not JSON; build the bundle anew with \`opa build\``, {
      cause,
    });
  }
}

function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}
