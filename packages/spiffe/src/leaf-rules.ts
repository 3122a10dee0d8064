import type { Certificate } from './certificate.js';
import { checkTarget } from './certificate-rules.js';
import { SpiffeError } from './spiffe-error.js';
import { parseSpiffeId, type SpiffeId } from './spiffe-id.js';

/**
 * Judges what a certificate says of itself as the leaf of an X509-SVID, ours or a peer's, and returns its
 * SPIFFE ID. Not judged here: time, purpose, critical extensions, who signed it.
 *
 * @throws SpiffeError with the code of the rule that is broken
 */
export function checkLeaf(leaf: Certificate): SpiffeId {
  // First of all, a signing certificate is never an identity, whatever it is called.
  if (leaf.extensions.isCa) throw new SpiffeError('leaf_is_ca', 'a CA certificate is not an X509-SVID leaf');
  checkKeyUsage(leaf);
  checkTarget(leaf);
  return readLeafId(leaf);
}

function checkKeyUsage(leaf: Certificate): void {
  const { keyUsage } = leaf.extensions;
  if (keyUsage === undefined) throw new SpiffeError('leaf_key_usage_missing', 'the leaf has no keyUsage');
  if (!keyUsage.critical) throw new SpiffeError('leaf_key_usage_not_critical', 'keyUsage of the leaf is not critical');
  if (keyUsage.keyCertSign || keyUsage.crlSign) {
    throw new SpiffeError('leaf_may_sign', 'the leaf may sign certificates or revocation lists');
  }
  if (!keyUsage.digitalSignature) {
    throw new SpiffeError('leaf_without_digital_signature', 'keyUsage of the leaf lacks digitalSignature');
  }
}

function readLeafId(leaf: Certificate): SpiffeId {
  let uri: string | undefined;
  for (const { form, text } of leaf.extensions.subjectAltNames) {
    if (form !== 'uri') continue;
    if (uri !== undefined) throw new SpiffeError('uri_san_several', 'the leaf has several URIs in subjectAltName');
    uri = text;
  }
  if (uri === undefined) throw new SpiffeError('uri_san_missing', 'the leaf has no URI in subjectAltName');
  const id = parseLeafId(uri);
  if (id.path === '') throw new SpiffeError('leaf_id_without_path', 'the SPIFFE ID of a leaf needs a path');
  return id;
}

function parseLeafId(text: string): SpiffeId {
  try {
    return parseSpiffeId(text);
  } catch (cause) {
    throw new SpiffeError('leaf_id_invalid', 'the URI in subjectAltName is not a SPIFFE ID', { cause });
  }
}
