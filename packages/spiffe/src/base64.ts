/** Decodes canonical base64 (RFC 4648 §4), padding included. `undefined` for anything else. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  // Node skips what it does not like; only the canonical spelling survives the way back.
  return bytes.toString('base64') === text ? bytes : undefined;
}
