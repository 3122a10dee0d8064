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
  readonly WebAssembly: { compile(bytes: Uint8Array): Promise<WasmModule> };
};

/** Compiles a module off the event loop. Rejects when it is none. */
export function compileWasm(bytes: Uint8Array): Promise<WasmModule> {
  return WebAssembly.compile(bytes);
}
