/**
 * The built-ins that @open-policy-agent/opa-wasm 1.10.0 provides in JavaScript; all others are inside the module or
 * missing. A test compares this list with the library.
 */
export const hostBuiltins: ReadonlySet<string> = new Set([
  'json.is_valid',
  'regex.split',
  'sprintf',
  'yaml.is_valid',
  'yaml.marshal',
  'yaml.unmarshal',
]);
