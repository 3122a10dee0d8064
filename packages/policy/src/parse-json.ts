import { PolicyError } from './policy-error.js';

/** The JSON in a file of a bundle; `undefined` where there is no file. @throws {PolicyError} `bundle_bad_json` */
export function parseJson(bytes: Uint8Array | undefined, path: string, origin: string): unknown {
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PolicyError('bundle_bad_json', `${origin}: ${path} is not JSON; build the bundle anew with \`opa build\``, {
      cause,
    });
  }
}
