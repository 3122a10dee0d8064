import { hash } from 'node:crypto';
import type { Bundle } from './bundle/bundle.js';
import { runProbes } from './bundle/bundle-probes.js';
import { type CompiledEngine, compileEngine, startEngine } from './engine/engine.js';
import { createEnginePolicy } from './engine/engine-policy.js';
import type { GrantsFile } from './grants-file.js';
import { isGrants } from './grants-text.js';
import { isJsonObject, type JsonObject } from './json-object.js';
import type { Policy } from './policy.js';
import { PolicyError } from './policy-error.js';

/**
 * A policy of a bundle and the operator's grants, that takes the bundle's own probe decisions rightly.
 *
 * @throws {PolicyError} `bundle_bad_json`, `bundle_bad_wasm`, `bundle_missing_entrypoint`, `bundle_unknown_builtin`,
 * `bundle_probe_failed`
 */
export async function buildPolicy(bundle: Bundle, file: GrantsFile | undefined, origin: string): Promise<Policy> {
  const { record } = bundle.manifest;
  const data = mergeGrants(bundle.data, file, origin);
  const revision = revisionOf(bundle, file);
  const compiled = await compile(bundle, origin);
  // An instance of their own: nothing that they leave behind is there when calls are judged.
  if (record.probes !== undefined) runProbes(await buildProbedPolicy(bundle, origin), record.probes, origin);
  return createEnginePolicy(startEngine(compiled, data, origin), record, revision);
}

/**
 * The policy that a bundle's own probes are about: with their grants, if they bring any.
 *
 * @throws {PolicyError} as {@link buildPolicy}
 */
export async function buildProbedPolicy(bundle: Bundle, origin: string): Promise<Policy> {
  const { record } = bundle.manifest;
  const grants = record.probes?.grants;
  const data = grants === undefined ? bundle.data : withGrants(bundle.data, grants);
  return createEnginePolicy(startEngine(await compile(bundle, origin), data, origin), record, revisionOf(bundle, undefined));
}

/** Other grants need no other module. */
const compiledBundles = new WeakMap<Bundle, CompiledEngine>();

async function compile(bundle: Bundle, origin: string): Promise<CompiledEngine> {
  const compiled = compiledBundles.get(bundle) ?? (await compileEngine(bundle.wasm, origin));
  compiledBundles.set(bundle, compiled);
  return compiled;
}

function mergeGrants(data: JsonObject, file: GrantsFile | undefined, origin: string): JsonObject {
  const { directory = {} } = data;
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
  return withGrants(data, file.grants);
}

function withGrants(data: JsonObject, grants: object): JsonObject {
  const { directory } = data;
  return { ...data, directory: { ...(isJsonObject(directory) ? directory : {}), grants } };
}

/** The {@link Policy.revision} of a bundle and grants: the same for the same contents. */
export function revisionOf(bundle: Bundle, file: GrantsFile | undefined): string {
  const grants = file === undefined ? 'none' : hash('sha256', file.text);
  return hash('sha256', `${bundle.sha256} ${grants}`).slice(0, 32);
}
