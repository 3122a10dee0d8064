/** One character per byte, so that byte strings can be compared and looked up as text. Copies nothing on the way. */
export function latin1Of(bytes: Uint8Array): string {
  return viewOf(bytes).toString('latin1');
}

/** For short byte strings; a call into Node would cost more than the comparison. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** True when every byte is below 0x80. */
export function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] ?? 0) >= 0x80) return false;
  return true;
}

/** Lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  return viewOf(bytes).toString('hex');
}

/** The bytes that hex digits stand for; for tables in the source. */
export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
