import { describe, expect, it } from 'vitest';
import { errorOf } from '../test-support/error-of.js';
import { inputText } from './input-text.js';

const most = 256 * 1024;
const textOf = (input: object) => Buffer.from(inputText(input)).toString();

/** An input of exactly so many bytes, with `member` in it. */
function padded(member: unknown, bytes: number): object {
  const rest = Buffer.byteLength(JSON.stringify({ member, pad: '' }));
  return { member, pad: 'x'.repeat(bytes - rest) };
}

describe('the text of an input', () => {
  it.each<[string, unknown]>([
    ['texts', ['a', '', 'é', '"\n']],
    ['numbers and words', [1, -0.5, 1e300, true, false, null]],
    ['nothing', [[], {}, [[]], [{}]]],
    ['what JSON leaves out', { a: undefined, b: () => 1, c: Symbol('c') }],
    ['what JSON writes as null', [undefined, Number.NaN, () => 1]],
    ['what writes itself', [new Date(0), { toJSON: () => 1, long: 'x'.repeat(most) }]],
    ['many members', Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`m${index}`, index]))],
  ])('may have as many bytes as there may be, and not one more: %s', async (_, member) => {
    const input = padded(member, most);
    expect(textOf(input)).toBe(JSON.stringify(input));
    expect((await errorOf(() => inputText(padded(member, most + 1)))).code).toBe('input_too_large');
  });

  it('is not written at all where it cannot fit', async () => {
    let isRead = false;
    const rest = {
      get rest() {
        isRead = true;
        return 1;
      },
    };
    expect(textOf({ text: 'x'.repeat(1_000), rest })).toContain('"rest":1');
    expect(isRead).toBe(true);
    for (const large of ['x'.repeat(most), ['x'.repeat(most), rest], Array<number>(most).fill(1), { ['x'.repeat(most)]: 1 }]) {
      isRead = false;
      expect((await errorOf(() => inputText({ large, rest }))).code).toBe('input_too_large');
      expect(isRead).toBe(false);
    }
  });

  it('nests 128 levels and no more, in lists and in objects', async () => {
    const nested = (levels: number, wrap: (inner: unknown) => unknown) => {
      let value: unknown = 1;
      for (let level = 1; level < levels; level += 1) value = wrap(value);
      return { value };
    };
    for (const wrap of [(inner: unknown) => [inner], (inner: unknown) => ({ inner })]) {
      expect(textOf(nested(128, wrap))).toContain('1');
      for (const levels of [129, 3_000, 100_000]) {
        expect((await errorOf(() => inputText(nested(levels, wrap)))).code).toBe('input_invalid');
      }
    }
  });

  it('is counted too below a member that only has the name of what writes itself', async () => {
    let deep: unknown = 1;
    for (let level = 0; level < 3_000; level += 1) deep = [deep];
    expect(textOf({ claims: { toJSON: 'x', some: [1] } })).toContain('"toJSON":"x"');
    expect((await errorOf(() => inputText({ claims: { toJSON: 'x', deep } }))).code).toBe('input_invalid');
  });

  it('is all of its buffer', () => {
    for (const text of ['', 'a', 'é', '😀'.repeat(1_000)]) expect(textOf({ text })).toBe(JSON.stringify({ text }));
  });
});
