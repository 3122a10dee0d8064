import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 that is free now, for a program that cannot be told to pick one, or does not tell which it picked (SPIRE, OPA).
 * Whoever uses it must try another when it was taken in between.
 */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('127.0.0.1 has no free port'));
      });
    });
  });
}
