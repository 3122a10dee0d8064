/**
 * The built-ins in JavaScript that a policy may use, of those that @open-policy-agent/opa-wasm 1.10.0 provides; all others are inside
 * the module or missing. A test compares this list and the next with the library.
 */
export const hostBuiltins: ReadonlySet<string> = new Set([
  'json.is_valid',
  'sprintf',
  'yaml.is_valid',
  'yaml.marshal',
  'yaml.unmarshal',
]);

/**
 * What the library provides and a policy may not use. In OPA `regex.split` takes linear time; here it is JavaScript's, which backtracks:
 * with a pattern that is harmless there, a caller could stop the process by one text (TP-5).
 */
export const refusedBuiltins: ReadonlySet<string> = new Set(['regex.split']);
