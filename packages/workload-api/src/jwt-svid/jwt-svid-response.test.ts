import { parseSpiffeId } from '@dirgate/spiffe';
import { describe, expect, test, vi } from 'vitest';
import { type JwtSvidQuestion, readJwtSvidResponse } from './jwt-svid-response.js';

const NOW = Date.UTC(2026, 5, 1);
const [ID, OTHER] = ['spiffe://a.example/a', 'spiffe://a.example/b'] as const;
const QUESTION: JwtSvidQuestion = { audience: ['me', 'you'], subject: parseSpiffeId(ID) };

/** One SVID as the endpoint sends it; its signature is nobody's, as nobody looks at it here. */
function svid(
  claims: Readonly<Record<string, unknown>> = {},
  { spiffeId, hint = '' }: { readonly spiffeId?: string; readonly hint?: string } = {},
) {
  const payload = { sub: ID, aud: ['you', 'me'], exp: NOW / 1000 + 300, iat: NOW / 1000 - 100, ...claims };
  const parts = [{ alg: 'ES256', kid: 'k', typ: 'JWT' }, payload].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const token = [...parts, Buffer.alloc(64, 1).toString('base64url')].join('.');
  return { $typeName: 'JWTSVID' as const, spiffeId: spiffeId ?? String(payload.sub), svid: token, hint };
}

function read(svids: ReturnType<typeof svid>[], question = QUESTION, report: (problem: string) => void = () => {}) {
  return readJwtSvidResponse({ $typeName: 'JWTSVIDResponse', svids }, question, { now: NOW, report });
}

test('one that fits the question is taken, and renewed at half of its life', () => {
  const [{ svid: taken, refreshAt }] = read([svid()]);
  expect([taken.id.toString(), taken.expiresAt, refreshAt]).toEqual([ID, NOW + 300_000, NOW + 100_000]);
});

describe('refused as a whole', () => {
  test.each<[string, ReturnType<typeof svid>[]]>([
    ['none', []],
    ['without an ID (W-14)', [{ ...svid(), spiffeId: '' }]],
    ['without a token (W-14)', [{ ...svid(), svid: '' }]],
    ['of another subject than was asked for', [svid({ sub: OTHER })]],
    ['one of another subject beside the right one', [svid(), svid({ sub: OTHER })]],
    ['with the ID of another than its subject', [svid({ sub: OTHER }, { spiffeId: ID })]],
    ['for one of the audiences only', [svid({ aud: ['me'] })]],
    ['for an audience that looks alike', [svid({ aud: ['me', 'you '] })]],
    ['that ends now', [svid({ exp: NOW / 1000 })]],
    ['a hundred and one', Array.from({ length: 101 }, () => svid())],
  ])('%s', (_name, svids) => {
    expect(() => read(svids)).toThrow(expect.objectContaining({ code: 'response_invalid' }));
  });

  test('a hundred are not too many, and whoever asked for no subject takes any', () => {
    expect(read(Array.from({ length: 100 }, () => svid()))).toHaveLength(100);
    expect(read([svid({ sub: OTHER })], { ...QUESTION, subject: undefined })[0].svid.id.toString()).toBe(OTHER);
  });
});

test('of two with one hint the first counts, and empty hints are none (W-17)', () => {
  const report = vi.fn();
  const all = [svid({}, { hint: 'h' }), svid({ sub: OTHER }, { hint: 'h' }), svid({ sub: OTHER }), svid()];
  const taken = read(all, { ...QUESTION, subject: undefined }, report);
  expect(taken.map(({ svid: { id, hint } }) => [id.toString(), hint])).toEqual([
    [ID, 'h'],
    [OTHER, ''],
    [ID, ''],
  ]);
  expect(report).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(`that of ${OTHER} is ignored`));
});
