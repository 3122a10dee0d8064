import { RE2JS } from 're2js';

/** What a column of a rule was meant to say, read strictly: a whole name, the beginning of one, or anything. */
export type ColumnMeaning =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'anything' };

/**
 * One column of a Casbin rule of the Go Directory, in both readings: what the running Casbin lets in, and what was meant.
 * Casbin lets a value in when `keyMatch` or else `regexMatch` is true; the latter is a search, not a match of the whole.
 */
export class CasbinColumn {
  readonly text: string;
  /** `undefined`: no plain name, prefix or wildcard. */
  readonly meaning: ColumnMeaning | undefined;
  /** `undefined`: no regular expression of Go, so each call that gets as far as this ends with INTERNAL. */
  readonly #expression: RE2JS | undefined;

  /** `plain` tells what a name or a prefix may look like. */
  constructor(text: string, plain: RegExp) {
    this.text = text;
    this.meaning = meaningOf(text, plain);
    this.#expression = expressionOf(text);
  }

  /** Whether what `keyMatch` does not let in makes `regexMatch` fail, which ends a call with INTERNAL. */
  get isBroken(): boolean {
    return this.#expression === undefined && !this.text.startsWith('*');
  }

  /** Whether the running Casbin lets this value in. A column that makes it fail lets in what `keyMatch` does. */
  letsIn(value: string): boolean {
    return keyMatch(value, this.text) || (this.#expression?.matcher(value).find() ?? false);
  }

  /** Whether this value was meant. */
  means(value: string): boolean {
    switch (this.meaning?.kind) {
      case 'name':
        return value === this.meaning.name;
      case 'prefix':
        return value.startsWith(this.meaning.prefix);
      case 'anything':
        return true;
      case undefined:
        return false;
    }
  }
}

/** Casbin's keyMatch: without `*` equality, with it the text before the first one as a prefix. */
function keyMatch(value: string, pattern: string): boolean {
  const star = pattern.indexOf('*');
  return star < 0 ? value === pattern : value.startsWith(pattern.slice(0, star));
}

function meaningOf(text: string, plain: RegExp): ColumnMeaning | undefined {
  if (text === '*') return { kind: 'anything' };
  if (plain.test(text)) return { kind: 'name', name: text };
  const prefix = text.slice(0, -1);
  return text.endsWith('*') && plain.test(prefix) ? { kind: 'prefix', prefix } : undefined;
}

function expressionOf(text: string): RE2JS | undefined {
  try {
    return RE2JS.compile(text);
  } catch {
    return undefined;
  }
}
