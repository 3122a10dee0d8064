import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type CurveName, isOnCurve } from './elliptic-curve.js';
import { ecPair } from './test-support/jwt-issuer.js';

function importable(crv: CurveName, x: Buffer, y: Buffer): boolean {
  try {
    createPublicKey({ key: { kty: 'EC', crv, x: x.toString('base64url'), y: y.toString('base64url') }, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

describe.each<CurveName>(['P-256', 'P-384', 'P-521'])('isOnCurve %s', (crv) => {
  const point = () => {
    const { x = '', y = '' } = ecPair(crv).publicKey.export({ format: 'jwk' });
    return [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')] as const;
  };

  it('takes every point that node:crypto makes', () => {
    for (let i = 0; i < 20; i++) expect(isOnCurve(crv, ...point())).toBe(true);
  });

  it('refuses what node:crypto refuses', () => {
    const [x, y] = point();
    const flip = (bytes: Buffer, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)) as Buffer;
    const zero = Buffer.alloc(x.length);
    const ones = Buffer.alloc(x.length, 0xff);
    const cases = [
      [x, flip(y, 5)],
      [flip(x, x.length - 1), y],
      [y, x],
      [zero, zero],
      [x, zero],
      [zero, y],
      [ones, ones],
      [x, ones],
    ] as const;
    for (const [cx, cy] of cases) {
      expect(importable(crv, Buffer.from(cx), Buffer.from(cy))).toBe(false);
      expect(isOnCurve(crv, cx, cy)).toBe(false);
    }
  });
});

describe('isOnCurve', () => {
  it('refuses a coordinate that is not reduced', () => {
    // Only P-521 leaves room for it in the bytes.
    const { x = '', y = '' } = ecPair('P-521').publicKey.export({ format: 'jwk' });
    const raised = BigInt(`0x${Buffer.from(x, 'base64url').toString('hex')}`) + 2n ** 521n - 1n;
    const [rx, ry] = [Buffer.from(raised.toString(16).padStart(132, '0'), 'hex'), Buffer.from(y, 'base64url')];
    expect(rx).toHaveLength(66);
    expect(importable('P-521', rx, ry)).toBe(false);
    expect(isOnCurve('P-521', rx, ry)).toBe(false);
  });
});
