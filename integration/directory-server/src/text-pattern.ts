/** Tells whether a whole text matches. */
export type TextMatcher = (text: string) => boolean;

/**
 * Compiles a search value: without `*` and `?` the whole text must be equal; with them, `*` is any run, `?` one character.
 * Case is folded for ASCII only. Takes time in proportion to text times pattern at worst; no regular expression is built
 * from the value, as the caller chooses it.
 */
export function textMatcher(value: string): TextMatcher {
  const folded = foldAscii(value);
  if (!/[*?]/.test(folded)) {
    return (text) => foldAscii(text) === folded;
  }
  const pattern = [...folded];
  return (text) => glob(pattern, [...foldAscii(text)]);
}

function foldAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** On a mismatch only the latest `*` needs to take one character more: earlier ones can never help. */
function glob(pattern: readonly string[], text: readonly string[]): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let starText = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      starAt = p++;
      starText = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++starText;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') {
    p++;
  }
  return p === pattern.length;
}
