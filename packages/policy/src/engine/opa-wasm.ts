import { createRequire } from 'node:module';

/** A compiled module; opaque. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

/** What we use of an instance of @open-policy-agent/opa-wasm. Its results are unchecked. */
export interface LoadedPolicy {
  readonly minorVersion: unknown;
  readonly entrypoints: unknown;
  readonly mem: { readonly buffer: ArrayBuffer };
  readonly wasmInstance: { readonly exports: Readonly<Record<string, unknown>> };
  evaluate(input: ArrayBuffer, entrypoint: string): unknown;
  setData(data: ArrayBuffer): void;
}

interface OpaWasm {
  loadPolicySync(module: WasmModule, memory: { initial: number; maximum: number }): LoadedPolicy;
}

// Its ES module has no named export for this function, its types no default export, and both need types of the DOM.
export const { loadPolicySync } = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as OpaWasm;

// @types/node 20 does not declare WebAssembly.
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    compile(bytes: Uint8Array): Promise<WasmModule>;
    readonly Module: {
      exports(module: WasmModule): readonly { readonly name: string }[];
      customSections(module: WasmModule, name: string): readonly ArrayBuffer[];
    };
  };
};

/** Compiles an OPA module off the event loop. Rejects when it is none. */
export async function compileWasm(bytes: Uint8Array): Promise<WasmModule> {
  const module = await WebAssembly.compile(bytes);
  const exported = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  // Without these two the library writes to stderr and goes on.
  if (!exported.has('opa_wasm_abi_version') || !exported.has('opa_wasm_abi_minor_version')) throw new Error('not made by OPA');
  return module;
}

/** Whether a module has a function of this name, by its own list of names: `opa build` writes one, and leaves out what is not used. */
export function hasFunction(module: WasmModule, name: string): boolean {
  const entry = Buffer.concat([Buffer.of(name.length), Buffer.from(name)]);
  return WebAssembly.Module.customSections(module, 'name').some((section) => Buffer.from(section).includes(entry));
}
