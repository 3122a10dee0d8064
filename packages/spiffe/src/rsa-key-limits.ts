const MIN_MODULUS_BITS = 2048;
const MAX_MODULUS_BITS = 8192;

/** The size of an RSA key that may be used, wherever it comes from. */
export interface RsaKeySize {
  readonly modulusBits: number;
  readonly exponent: number;
}

/**
 * Judges an RSA key by its two numbers, big-endian and without leading zero octets, before anything is computed with it: a modulus of
 * 2048 to 8192 bits, an exponent from 3 to below 2^32, both odd (Limits). `undefined` for every other key.
 */
export function rsaKeyWithinLimits(modulus: Uint8Array, exponent: Uint8Array): RsaKeySize | undefined {
  if (!isPositiveOdd(modulus) || !isPositiveOdd(exponent) || exponent.length > 4) return undefined;
  const modulusBits = 8 * modulus.length - Math.clz32(modulus[0] ?? 0) + 24;
  if (modulusBits < MIN_MODULUS_BITS || modulusBits > MAX_MODULUS_BITS) return undefined;
  let e = 0;
  for (const byte of exponent) e = e * 256 + byte;
  return e === 1 ? undefined : { modulusBits, exponent: e };
}

function isPositiveOdd(number: Uint8Array): boolean {
  const last = number.at(-1);
  return last !== undefined && number[0] !== 0 && (last & 1) === 1;
}
