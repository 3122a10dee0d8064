import { DirectoryError } from './directory-error.js';

/**
 * Requests that never just end when the call was cut off. Both libraries end the iteration quietly when a client goes
 * away or a guard refuses a message, and Delete would take that for the client being done.
 */
export async function* uncutRequests<T>(
  requests: AsyncIterable<T>,
  isCancelled: () => boolean,
): AsyncGenerator<T, void, undefined> {
  for await (const request of requests) {
    if (isCancelled()) {
      break;
    }
    yield request;
  }
  if (isCancelled()) {
    throw new DirectoryError('CANCELLED', 'the call was cancelled');
  }
}
