import type { Mutation, Random } from './random.js';

/** As many as of binary inputs. */
export const MAX_CHARACTERS = 80 * 1024;
const TELLING = [
  '/', '//', '/./', '/../', '.', '..', '@', ':', '?', '#', '%2e', '%00', ' ', '\t', '\n', '\r\n', '\0', '\x7f', 'A', '-', '_', '\\',
  '"', "'", '{', '}', '[', ']', ',', '=', '+', '\u00e9', '\uff0e', '\u202e', '\ufeff', '\ud800', '\udc00', '\u{1f600}', '\\u0000', '\\ud800',
  '\\u0022', '\\x', '-0', '1e400', '1e-400', '9007199254740993', '18446744073709551616', '0.1', 'null', 'true', 'spiffe://', '-----',
  '-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', '"__proto__":', '"constructor":', '"toString":',
] as const; // biome-ignore format: one idea, not fifty lines

function range(length: number, random: Random): readonly [start: number, end: number] {
  const start = random.below(length + 1);
  return [start, Math.min(length, start + 1 + random.below(random.once(4) ? length : 8))];
}

const MUTATIONS: readonly [Mutation<string>, ...Mutation<string>[]] = [
  (text, random) => {
    const at = random.below(text.length);
    return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(8))) + text.slice(at + 1);
  },
  (text, random) => {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + random.pick(TELLING) + text.slice(at + random.below(2));
  },
  (text, random) => text.slice(0, random.below(text.length)),
  (text, random) => {
    const [start, end] = range(text.length, random);
    return text.slice(0, start) + text.slice(end);
  },
  (text, random) => {
    const [start, end] = range(text.length, random);
    return text.slice(0, start) + text.slice(start, end).repeat(random.once(8) ? random.below(2000) : 2) + text.slice(end);
  },
  (text, random, others) => {
    const other = random.pick(others);
    return text.slice(0, random.below(text.length)) + other.slice(random.below(other.length));
  },
  // the same character by another spelling
  (text, random) => {
    const at = random.below(text.length);
    const code = text.charCodeAt(at) || 0;
    const hex = code.toString(16);
    const spelled = random.pick([`\\u${hex.padStart(4, '0')}`, `%${hex.padStart(2, '0')}`, String.fromCharCode(code + 0xfee0)]);
    return text.slice(0, at) + spelled + text.slice(at + 1);
  },
  (text, random) => (random.once(2) ? text.toUpperCase() : text.normalize('NFD')),
  (_text, random) => random.bytes(random.below(60)).toString(random.once(2) ? 'latin1' : 'utf8'),
];

/** One change that knows nothing of what the text means. */
export const mutateText: Mutation<string> = (text, random, others) =>
  random.pick(MUTATIONS)(text, random, others).slice(0, MAX_CHARACTERS);
