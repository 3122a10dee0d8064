import { ServerError, Status } from 'nice-grpc';

/**
 * The requests of a stream, ending in an error when the call was cut off. nice-grpc by itself shows a stream that was
 * cancelled, refused or revoked as one that ended, and a handler would commit the half of it (DESIGN §4.15).
 */
export async function* uncutRequests<T>(
  requests: AsyncIterable<T>,
  signal: { readonly aborted: boolean },
): AsyncGenerator<T, void, undefined> {
  for await (const request of requests) {
    yield request;
  }
  if (signal.aborted) {
    throw new ServerError(Status.CANCELLED, 'the request stream was cut off');
  }
}
