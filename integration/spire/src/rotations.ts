import type { X509Source } from '@dirgate/spiffe';

/** How often an identity has got another X509-SVID. */
export interface Rotations extends Disposable {
  readonly count: number;
}

/** Counts from now on, until it is disposed of. */
export function countRotations(source: X509Source): Rotations {
  let count = 0;
  let current = source.x509Svid();
  const stop = source.onChange(() => {
    const svid = source.x509Svid();
    if (svid !== undefined && svid !== current) count += 1;
    current = svid;
  });
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: stop,
  };
}
