import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Bundle, parseBundle } from './bundle.js';
import { createEngine } from './engine.js';
import { createEnginePolicy } from './engine-policy.js';
import { type GrantsFile, isGrants, readGrants } from './grants-file.js';
import { isJsonObject, type JsonObject } from './json-object.js';
import { PolicyError } from './policy-error.js';
import type { LivePolicy } from './policy-source.js';

/** What {@link loadPolicy} reads. */
export interface LoadPolicyOptions {
  /** Path of an OPA bundle (`.tar.gz`) with a `policy.wasm`, or its bytes. */
  readonly bundle: string | Uint8Array;
  /** Path of the grants (YAML or JSON), merged as `data.directory.grants`. Without it the bundle's own data is all there is. */
  readonly data?: string;
}

/**
 * Loads a policy that can decide at once.
 * Checked: the archive, the manifest's record, the module, its entrypoint and built-ins, the grants against their schema.
 * Not checked: signatures, and what the policy answers. Reads the files once and does not watch them; nothing is written.
 *
 * @throws {PolicyError} with a `bundle_*` or `grants_*` code and a message of one line: file, reason, remedy
 */
export async function loadPolicy(options: LoadPolicyOptions): Promise<LivePolicy> {
  const origin = typeof options.bundle === 'string' ? options.bundle : 'the bundle';
  const bytes = typeof options.bundle === 'string' ? await readBundle(options.bundle) : options.bundle;
  const bundle = await parseBundle(bytes, origin);
  const grants = options.data === undefined ? undefined : await readGrants(options.data);
  const data = Uint8Array.from(Buffer.from(JSON.stringify(mergeGrants(bundle.data, grants, origin)))).buffer;
  const engine = await createEngine(bundle.wasm, data, origin);
  const policy = createEnginePolicy(engine, bundle.record, revisionOf(bundle, grants));
  return Object.freeze({
    current: () => policy,
    // Nothing changes it yet.
    onChange: () => () => {},
  });
}

async function readBundle(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new PolicyError('bundle_unreadable', `${path}: cannot be read (${reason}); check the path and its permissions`, {
      cause,
    });
  }
}

function mergeGrants(data: JsonObject, file: GrantsFile | undefined, origin: string): JsonObject {
  const directory = data['directory'] ?? {};
  if (!isJsonObject(directory)) throw new PolicyError('bundle_bad_json', `${origin}: /data.json: directory is not an object`);
  const own = Object.hasOwn(directory, 'grants');
  if (own && !isGrants(directory['grants'])) {
    throw new PolicyError(
      'bundle_bad_json',
      `${origin}: /data.json: directory.grants does not fit grants.schema.json; correct it`,
    );
  }
  if (file === undefined) return data;
  if (own) {
    throw new PolicyError(
      'bundle_bad_json',
      `${origin}: /data.json has grants of its own; take them out, or load it without a grants file`,
    );
  }
  return { ...data, directory: { ...directory, grants: file.grants } };
}

function revisionOf(bundle: Bundle, file: GrantsFile | undefined): string {
  const grants = file === undefined ? 'none' : hash('sha256', file.text);
  return hash('sha256', `${bundle.sha256} ${grants}`).slice(0, 32);
}
