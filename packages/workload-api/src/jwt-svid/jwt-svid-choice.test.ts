import { generateKeyPairSync } from 'node:crypto';
import { parseSpiffeId, type X509Svid } from '@dirgate/spiffe';
import { describe, expect, test } from 'vitest';
import { chooseJwtSvid } from './jwt-svid-choice.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ID = parseSpiffeId('spiffe://a.example/x');
const CHOSEN: X509Svid = {
  id: parseSpiffeId('spiffe://a.example/chosen'),
  chain: [],
  privateKey,
  validFrom: 0,
  validUntil: 0,
  hint: 'h',
};
const PLAIN = { select: undefined, ifNoneFits: 'none' } as const;
const NEITHER = { subject: undefined, wish: undefined };

test('what the request names wins, the subject over the hint', () => {
  const bySelect = { select: 'h', ifNoneFits: 'none' } as const;
  expect(chooseJwtSvid({ audience: 'a', subject: ID, hint: 'y' }, bySelect, CHOSEN)).toEqual({ ...NEITHER, subject: ID });
  expect(chooseJwtSvid({ audience: 'a', hint: 'y' }, bySelect, CHOSEN)).toEqual({
    ...NEITHER,
    wish: { hint: 'y', orFirst: false },
  });
});

test("nothing is named: the endpoint's first", () => {
  expect(chooseJwtSvid({ audience: 'a' }, PLAIN, CHOSEN)).toEqual(NEITHER);
});

describe('with a selection', () => {
  test('the identity of the X509-SVID that was chosen', () => {
    expect(chooseJwtSvid({ audience: 'a' }, { ...PLAIN, select: () => true }, CHOSEN)).toEqual({
      ...NEITHER,
      subject: CHOSEN.id,
    });
  });

  test('without X509-SVIDs the hint itself', () => {
    const wish = (ifNoneFits: 'none' | 'first') => chooseJwtSvid({ audience: 'a' }, { select: 'h', ifNoneFits }, undefined).wish;
    expect([wish('none'), wish('first')]).toEqual([
      { hint: 'h', orFirst: false },
      { hint: 'h', orFirst: true },
    ]);
  });

  test('a function cannot choose without X509-SVIDs: no token rather than any (W-19)', () => {
    const choose = () => chooseJwtSvid({ audience: 'a' }, { ...PLAIN, select: () => true }, undefined);
    expect(choose).toThrow(expect.objectContaining({ code: 'svid_not_selected' }));
  });
});
