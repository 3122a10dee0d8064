import { type Certificate, parseCertificate } from './certificate.js';
import { checkTarget, requireUsage } from './certificate-rules.js';
import { requireBytes } from './der-reader.js';
import { type PathOptions, verifyX509Path, type X509Path } from './verify-x509-path.js';
import { MAX_CHAIN_CERTIFICATES, parseX509Chain } from './x509-chain.js';

/** How {@link verifyPath} judges. */
export interface VerifyPathOptions extends PathOptions {
  /** Most certificates below the anchor, the leaf included: 1 to 10. Default 10. */
  readonly maxDepth?: number;
}

/**
 * Proves that a path leads from the first certificate of `chain` to one of `roots` (RFC 5280 §6.1, X-11 to X-18), whatever the
 * leaf names: no SPIFFE ID is asked for. One DER certificate each; what follows the leaf may come in any order. Every root that is
 * a CA is an anchor, self-signed or not, and its own constraints apply.
 * On return every certificate of the path is valid at `now`, may do what it does in the path and is signed by the next; all names
 * lie inside of all name constraints. Not checked: whom the leaf names, possession of its key, revocation lists, and the rules
 * for leaves of X509-SVIDs; to authenticate a workload use `verifyX509Svid`, which runs the same search.
 * No I/O; no verdict is remembered, only some imported keys; work is bounded.
 *
 * @throws SpiffeError with the code of the first broken rule, `path_too_deep` beyond `maxDepth`, and for a chain or a root that
 * cannot be read the codes of its encoding
 * @throws TypeError when `usage` is not one of its two values, or `roots` is no list
 * @throws RangeError when `maxDepth` is not a whole number from 1 to 10
 */
export function verifyPath(chain: readonly Uint8Array[], roots: readonly Uint8Array[], options: VerifyPathOptions): X509Path {
  requireUsage(options.usage);
  if (!Array.isArray(roots)) throw new TypeError('roots must be a list of certificates');
  const { maxDepth = MAX_CHAIN_CERTIFICATES } = options;
  if (!Number.isInteger(maxDepth) || maxDepth < 1 || maxDepth > MAX_CHAIN_CERTIFICATES) {
    throw new RangeError(`maxDepth must be a whole number from 1 to ${MAX_CHAIN_CERTIFICATES}`);
  }
  const { leaf, intermediates } = parseX509Chain(chain);
  const anchors = roots.map(parseRoot);
  const authoritiesNamed = (subjectKey: string) => anchors.filter((anchor) => anchor.subjectKey === subjectKey);
  checkTarget(leaf);
  return verifyX509Path(leaf, intermediates, { authoritiesNamed }, { ...options, maxDepth });
}

function parseRoot(der: Uint8Array): Certificate {
  requireBytes(der);
  return parseCertificate(der);
}
