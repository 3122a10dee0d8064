/** The curves of ES256, ES384 and ES512. */
export type CurveName = 'P-256' | 'P-384' | 'P-521';

interface Curve {
  readonly p: bigint;
  readonly b: bigint;
}

// FIPS 186-4, appendix D.1.2. On all three a = -3, and the cofactor is 1: every point of the curve is of full order.
const CURVES: Readonly<Record<CurveName, Curve>> = {
  'P-256': {
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    p: 2n ** 521n - 1n,
    b: 0x051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
};

/**
 * True when (x, y) is a point of the curve: y² = x³ - 3x + b, with both coordinates below p.
 * node:crypto asks the same when it imports a key, at a hundred times the price, as it also multiplies by the order.
 */
export function isOnCurve(name: CurveName, xBytes: Uint8Array, yBytes: Uint8Array): boolean {
  const { p, b } = CURVES[name];
  const x = toBigInt(xBytes);
  const y = toBigInt(yBytes);
  return x < p && y < p && (y * y - (x * x - 3n) * x - b) % p === 0n;
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`);
}
