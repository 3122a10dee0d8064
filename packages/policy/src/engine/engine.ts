import { isJsonObject, type JsonObject } from '../json-object.js';
import { PolicyError } from '../policy-error.js';
import { endlessBuiltins, hostBuiltins } from './host-builtins.js';
import { compileWasm, hasFunction, type LoadedPolicy, loadPolicySync, type WasmModule } from './opa-wasm.js';

/** The only entrypoint that is ever evaluated (DESIGN §6). */
export const entrypoint = 'directory/authz/decision';

const pageBytes = 64 * 1024;
const maxPages = (256 * 1024 * 1024) / pageBytes;
// WASM memory never shrinks: an instance that one evaluation made grow by more than this is not kept.
const maxGrowthBytes = 32 * 1024 * 1024;

/** What evaluates a policy: JSON text in, the result set out, whatever it is. */
export interface Engine {
  /** @throws {PolicyError} `evaluation_failed`; the instance is gone and the next call starts a fresh one. */
  evaluate(input: ArrayBuffer): unknown;
  /** Gives the instance up, so that the next call starts a fresh one. */
  discard(): void;
}

/** A compiled module. */
export interface CompiledEngine {
  readonly module: WasmModule;
  /** How many pages an instance starts with. */
  readonly initialPages: number;
}

/**
 * Compiles a module, off the event loop.
 *
 * @throws {PolicyError} `bundle_bad_wasm`
 */
export async function compileEngine(wasm: Uint8Array, origin: string): Promise<CompiledEngine> {
  try {
    // A data segment is never larger than the module that it is in.
    return { module: await compileWasm(wasm), initialPages: Math.ceil(wasm.byteLength / pageBytes) + 5 };
  } catch (cause) {
    throw badWasm(cause, origin);
  }
}

/**
 * Starts a compiled module once, with data loaded.
 * Checked: it is an OPA module of an ABI that we know, has the {@link entrypoint}, and needs no built-in that is missing.
 *
 * @throws {PolicyError} `bundle_bad_wasm`, `bundle_missing_entrypoint`, `bundle_unknown_builtin`, `bundle_bad_json`
 */
export function startEngine({ module, initialPages }: CompiledEngine, data: JsonObject, origin: string): Engine {
  let first: LoadedPolicy;
  let builtins: readonly string[];
  try {
    first = startModule(module, initialPages);
    builtins = readBuiltins(first);
  } catch (cause) {
    throw badWasm(cause, origin);
  }
  checkModule(first, builtins, origin);
  for (const [name, instead] of endlessBuiltins) {
    if (hasFunction(module, name)) throw new PolicyError('bundle_unknown_builtin', `${origin}: the policy uses ${instead}`);
  }
  let text: ArrayBuffer;
  let instance: Instance | undefined;
  try {
    // Always a buffer of its own: the library reads all of it.
    text = Uint8Array.from(Buffer.from(JSON.stringify(data))).buffer;
    instance = withData(first, text);
  } catch (cause) {
    throw badData(cause, origin);
  }
  return {
    evaluate(input) {
      try {
        instance ??= withData(startModule(module, initialPages), text);
        const result: unknown = instance.loaded.evaluate(input, entrypoint);
        if (instance.loaded.mem.buffer.byteLength - instance.startBytes > maxGrowthBytes) instance = undefined;
        return result;
      } catch (cause) {
        // A throw skipped the code that restores the module's own stack: nothing of this instance can be trusted.
        instance = undefined;
        throw new PolicyError('evaluation_failed', `the policy could not be evaluated (${describe(cause)})`, { cause });
      }
    },
    discard() {
      instance = undefined;
    },
  };
}

interface Instance {
  readonly loaded: LoadedPolicy;
  readonly startBytes: number;
}

function badWasm(cause: unknown, origin: string): PolicyError {
  return new PolicyError(
    'bundle_bad_wasm',
    `${origin}: /policy.wasm does not start (${printable(cause instanceof Error ? cause.message : cause)}); build it anew with \`opa build -t wasm\``,
    { cause },
  );
}

function badData(cause: unknown, origin: string): PolicyError {
  return new PolicyError(
    'bundle_bad_json',
    `${origin}: /policy.wasm cannot take its data, /data.json with the grants (${printable(cause instanceof Error ? cause.message : cause)}): they are too large, nest too deeply, or hold text that is not Unicode; correct them`,
    { cause },
  );
}

function startModule(module: WasmModule, initial: number): LoadedPolicy {
  const loaded = loadPolicySync(module, { initial, maximum: maxPages });
  // Older minors take another way through the library, which nothing here tests.
  if (typeof loaded.minorVersion !== 'number' || loaded.minorVersion < 2) throw new Error('its ABI is older than 1.2');
  return loaded;
}

function withData(loaded: LoadedPolicy, data: ArrayBuffer): Instance {
  loaded.setData(data);
  return { loaded, startBytes: loaded.mem.buffer.byteLength };
}

function checkModule({ entrypoints }: LoadedPolicy, builtins: readonly string[], origin: string): void {
  if (!isJsonObject(entrypoints) || !Object.hasOwn(entrypoints, entrypoint)) {
    throw new PolicyError(
      'bundle_missing_entrypoint',
      `${origin}: has no entrypoint ${entrypoint}; build it with \`opa build -t wasm -e ${entrypoint}\``,
    );
  }
  const unknown = builtins.filter((name) => !hostBuiltins.has(name));
  if (unknown.length > 0) {
    throw new PolicyError(
      'bundle_unknown_builtin',
      `${origin}: the policy uses ${printable(unknown.join(', '))}, which cannot run here; write the rule without it`,
    );
  }
}

// The library keeps the list to itself and finds a missing built-in only when a rule calls it.
function readBuiltins({ wasmInstance, mem }: LoadedPolicy): readonly string[] {
  const { exports } = wasmInstance;
  const list = exports['builtins'] as () => number;
  const dump = exports['opa_json_dump'] as (address: number) => number;
  const start = dump(list());
  const bytes = new Uint8Array(mem.buffer);
  return Object.keys(JSON.parse(new TextDecoder().decode(bytes.subarray(start, bytes.indexOf(0, start)))) as object);
}

// The library throws strings, which name a fault and a place in the policy. An error's message may quote input.
function describe(cause: unknown): string {
  return cause instanceof Error ? cause.name : printable(cause);
}

// Whoever made the module wrote it, as long as he liked.
function printable(cause: unknown): string {
  return typeof cause === 'string' ? cause.slice(0, 200).replaceAll(/[^\x20-\x7e]/g, '?') : 'unknown fault';
}
