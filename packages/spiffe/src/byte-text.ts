/** One character per byte, so that byte strings can be compared and looked up as text. Copies nothing on the way. */
export function latin1Of(bytes: Uint8Array): string {
  return viewOf(bytes).toString('latin1');
}

/** Lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  return viewOf(bytes).toString('hex');
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
