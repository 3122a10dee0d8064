import { parseSpiffeId } from '@dirgate/spiffe';
import { expect, test } from 'vitest';
import type { JwtSvidWish } from './fetch-jwt-svid.js';
import { jwtSvidKey } from './jwt-svid-key.js';

const ID = parseSpiffeId('spiffe://prod.example/a');
const PLAIN: JwtSvidWish = { subject: undefined, wish: undefined, audience: ['a'] };
const byHint = (hint: string): JwtSvidWish => ({ ...PLAIN, wish: { hint, orFirst: false } });

test('equal questions have equal keys', () => {
  expect(jwtSvidKey({ ...PLAIN, audience: ['a', 'b'] })).toBe(jwtSvidKey({ ...PLAIN, audience: ['a', 'b'] }));
  expect(jwtSvidKey({ ...PLAIN, subject: ID })).toBe(jwtSvidKey({ ...PLAIN, subject: parseSpiffeId(ID.toString()) }));
});

test('questions that differ in anything have different keys, whatever their texts hold', () => {
  const questions: readonly JwtSvidWish[] = [
    PLAIN,
    ...['aa', 'A', 'a,b', '1:a', '-', '1:a1:b', 'a1:b', '"', 'é', 'e\u0301', '\ud800', '\udc00'].map((one) => ({
      ...PLAIN,
      audience: [one],
    })),
    ...[
      ['a', 'b'],
      ['a', '1:b'],
      ['a1:b', 'a'],
      ['a', 'a1:b'],
      [ID.toString(), 'a'],
      ['-', 'a'],
    ].map((audience) => ({ ...PLAIN, audience })),
    { ...PLAIN, subject: ID },
    { ...PLAIN, subject: parseSpiffeId('spiffe://prod.example/b') },
    { ...PLAIN, subject: ID, wish: { hint: 'h', orFirst: false } },
    ...['', 'h', 'i', '-', 'h1:a', ID.toString(), '!1:h'].map(byHint),
    { ...PLAIN, wish: { hint: 'h', orFirst: true } },
  ];
  expect(new Set(questions.map(jwtSvidKey)).size).toBe(questions.length);
});
