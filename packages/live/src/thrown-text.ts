/** What a report says of something that was thrown: an error's message, or the value as text. Never throws itself, whatever it is. */
export function thrownText(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'something that has no text'; // an object without a prototype, for one
  }
}
