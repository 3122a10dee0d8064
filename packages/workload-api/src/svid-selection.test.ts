import { generateKeyPairSync } from 'node:crypto';
import { parseSpiffeId, type X509Svid } from '@dirgate/spiffe';
import { describe, expect, test, vi } from 'vitest';
import { compileSelection, readHint, type SvidSelection } from './svid-selection.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const [internal, external, plain] = ['internal', 'external', ''].map(
  (hint): X509Svid => ({
    id: parseSpiffeId(`spiffe://a.example/${hint}x`),
    chain: [],
    privateKey,
    validFrom: 0,
    validUntil: 0,
    hint,
  }),
);
if (!internal || !external || !plain) throw new Error('three SVIDs');
const ALL = [internal, external, plain];

test.each<[string, SvidSelection, X509Svid]>([
  ['the first by default (W-18)', {}, internal],
  ['by hint', { select: 'external' }, external],
  ['by a function, the first that fits', { select: ({ hint }) => hint !== 'internal' }, external],
])('%s', (_name, selection, expected) => {
  const report = vi.fn();
  expect(compileSelection(selection)(ALL, report)).toBe(expected);
  expect(report).not.toHaveBeenCalled();
});

describe('when none fits (W-19)', () => {
  test.each<NonNullable<SvidSelection['select']>>(['other', () => false])(
    'none, or the first where that was asked for; said in both cases',
    (select) => {
      const report = vi.fn();
      expect(compileSelection({ select })(ALL, report)).toBeUndefined();
      expect(report).toHaveBeenLastCalledWith(expect.stringContaining('none is used'));
      expect(compileSelection({ select, ifNoneFits: 'first' })(ALL, report)).toBe(internal);
      expect(report).toHaveBeenLastCalledWith(expect.stringContaining(`${internal.id} is used instead`));
    },
  );
});

describe('a function of somebody else (W-19)', () => {
  test('that throws costs the SVID that it threw for, and no more', () => {
    const report = vi.fn();
    const select = (svid: X509Svid): boolean => {
      if (svid === internal) throw new Error('mine');
      return true;
    };
    expect(compileSelection({ select })(ALL, report)).toBe(external);
    expect(report).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/select threw for .*internalx.*: mine/));
  });

  test('that throws what has no text, the same', () => {
    const report = vi.fn();
    const select = (svid: X509Svid): boolean => {
      if (svid === internal) throw Object.create(null);
      return true;
    };
    expect(compileSelection({ select })(ALL, report)).toBe(external);
    expect(report).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/select threw for .*internalx/));
  });

  test('that answers anything but true accepts nothing', async () => {
    const promising = (async () => false) as unknown as () => boolean;
    for (const select of [promising, () => 1 as unknown as boolean]) {
      expect(compileSelection({ select })(ALL, vi.fn())).toBeUndefined();
    }
    expect(compileSelection({ select: () => true })(ALL, vi.fn())).toBe(internal);
  });
});

test.each([{ select: '' }, { select: 'x'.repeat(1025) }, { ifNoneFits: 'any' as 'first' }])('%j is refused', (selection) => {
  expect(() => compileSelection(selection)).toThrow(expect.objectContaining({ code: 'option_invalid' }));
});

test('a hint of 1024 bytes is one, a longer one is none', () => {
  const report = vi.fn();
  expect(readHint('é'.repeat(512), report)).toHaveLength(512);
  expect(report).not.toHaveBeenCalled();
  expect(readHint('é'.repeat(513), report)).toBe('');
  expect(report).toHaveBeenCalledTimes(1);
});
