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

/**
 * What is inside the module and a policy may not use, by the name of the function there, with what to write instead. `replace` never
 * ends when the text that is to be replaced is empty (opa 1.22.2): a caller who may choose it could stop the process.
 */
export const endlessBuiltins: ReadonlyMap<string, string> = new Map([
  ['opa_strings_replace', 'replace, which never ends when what it replaces is empty; use strings.replace_n'],
]);
