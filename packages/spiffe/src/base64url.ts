/**
 * Decodes canonical, unpadded base64url (RFC 7515 §2). `undefined` for anything else: padding, white space, the standard
 * alphabet, an impossible length, spare bits that are not zero.
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  // Node's decoder forgives all of the above; only canonical text survives the way back.
  return bytes.toString('base64url') === text ? bytes : undefined;
}
