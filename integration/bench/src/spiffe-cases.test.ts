import { describe, expect, test } from 'vitest';
import { type SpiffeCase, trustDomainOf, workloadId } from './spiffe-case.js';
import { createChainCases } from './spiffe-chain-cases.js';
import { createTokenCases } from './spiffe-token-cases.js';
import { newTokenKey, signToken, TOKEN_ALGORITHMS } from './spiffe-tokens.js';

const CREDENTIALS = 3;
const SIZES = [1, 5];

describe('the cases', async () => {
  const now = Date.now();
  const cases: readonly SpiffeCase[] = [
    ...SIZES.flatMap((size) => createTokenCases(size, CREDENTIALS, now)),
    ...(await createChainCases(SIZES, CREDENTIALS, now)),
  ];

  test.each(cases.map((one) => [`${one.name}, ${one.trustDomains} trust domains`, one] as const))(
    '%s: all of it verifies',
    (_name, one) => {
      expect(one.credentials).toBe(CREDENTIALS);
      // Twice: the second time is what is measured where verdicts are remembered.
      for (let index = 0; index < 2 * CREDENTIALS; index++) {
        one.subject(index % CREDENTIALS);
        one.neededVerifies(index % CREDENTIALS);
        one.oneVerify(index % CREDENTIALS);
      }
      expect(() => one.subject(CREDENTIALS)).toThrow(RangeError);
    },
  );

  test('are the same at every size', () => {
    const [first, second] = SIZES.map((size) => cases.filter((one) => one.trustDomains === size).map(({ name }) => name));
    expect(first).toEqual(second);
    expect(new Set(first).size).toBe(first?.length);
  });

  test.each([
    ['X509-SVID, leaf, cold', 1],
    ['X509-SVID, leaf + intermediate, cold', 2],
    ['X509-SVID, leaf + 2 intermediates, cold', 3],
    ['X509-SVID, leaf + 2 intermediates, keys never met, cold', 3],
  ])('%s needs %d raw checks', (name, signatures) => {
    expect(cases.find((one) => one.name === name)?.signatures).toBe(signatures);
  });
});

test('credentials are spread over all trust domains', () => {
  expect([0, 1, 2, 3].map((index) => trustDomainOf(index, 10_000, 4))).toEqual([0, 2500, 5000, 7500]);
  expect([0, 1, 2, 3].map((index) => trustDomainOf(index, 1, 4))).toEqual([0, 0, 0, 0]);
  expect(workloadId(2, 10_000, 4)).toBe('spiffe://td-5000.example/ns/bench/sa/workload-2');
});

test.each(TOKEN_ALGORITHMS)('the raw check of %s is one of the bytes of its token', (algorithm) => {
  const { token, signed, signature } = signToken(newTokenKey(algorithm), { sub: 's', aud: ['a'], iat: 1, exp: 2 });
  expect(`${signed.toString()}.${signature.toString('base64url')}`).toBe(token);
});
