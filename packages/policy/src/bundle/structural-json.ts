/** A JSON text or a number, wherever one stands in JSON. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/**
 * The text that OPA hashes in place of a JSON file (`walk` in its `bundle/hash.go`): members by the bytes of their names, no
 * whitespace, texts as Go writes them, numbers as they stand in the file.
 *
 * @throws SyntaxError, RangeError when it is no JSON, holds text that is not Unicode, or nests too deeply
 */
export function structuralJson(text: string): string {
  JSON.parse(text); // From here on it is JSON, and tokens are all that there is to tell apart.
  // JSON.parse would change numbers: each becomes a text, with a first letter that tells the two apart.
  const marked = text.replace(token, (found) => (found.startsWith('"') ? `"s${found.slice(1)}` : `"n${found}"`));
  return write(JSON.parse(marked));
}

function write(value: unknown): string {
  if (typeof value === 'string') return value.startsWith('n') ? value.slice(1) : quote(value.slice(1));
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  const members = Object.entries(value).map(([key, member]) => ({ bytes: Buffer.from(key), key: key.slice(1), member }));
  members.sort((one, other) => Buffer.compare(one.bytes, other.bytes));
  return `{${members.map(({ key, member }) => `${quote(key)}:${write(member)}`).join(',')}}`;
}

// Go escapes the two line separators, which JavaScript does not, and replaces what is not Unicode, which has no one meaning.
function quote(text: string): string {
  if (Buffer.from(text).toString() !== text) throw new SyntaxError('it holds text that is not Unicode');
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
