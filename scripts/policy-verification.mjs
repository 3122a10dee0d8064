// The options by which scripts are told who signed a bundle, as opa names them.
import { readFileSync } from 'node:fs';

/** For `parseArgs`. */
export const verificationOptions = {
  'verification-key': { type: 'string' },
  'verification-key-id': { type: 'string', default: 'default' },
  'signing-alg': { type: 'string', default: 'RS256' },
  scope: { type: 'string' },
};

/** For a `--help`. */
export const verificationHelp = `  For a signed bundle, as opa names them:
  --verification-key FILE     the public key or certificate, PEM
  --verification-key-id NAME  the ID by which the signature names it (default: default)
  --signing-alg ALG           RS256 (the default) to ES512
  --scope NAME                the scope that the signature has`;

/** What `loadPolicy` takes, or `undefined`. Grants may stand beside a signed bundle here: nothing comes into force. */
export function readVerification(options) {
  const { 'verification-key': file, 'verification-key-id': id, 'signing-alg': algorithm, scope } = options;
  if (file === undefined) return undefined;
  const keys = [{ id, algorithm, publicKey: readFileSync(file, 'utf8') }];
  return { keys, ...(scope !== undefined && { scope }), allowUnsignedGrants: true };
}
