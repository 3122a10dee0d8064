import type { Server, ServerCredentials } from '@grpc/grpc-js';
import type { RunningServer } from './fixture-server.js';

/** Starts a grpc-js server on a free port. */
export async function bind(server: Server, credentials: ServerCredentials): Promise<RunningServer> {
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return { address: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}
