import { rm } from 'node:fs/promises';
import { type GrpcJsHandlers, serviceDefinition } from '@dirgate/service-definition';
import { SpiffeWorkloadAPI } from '@dirgate/workload-api';
import { type Metadata, Server, ServerCredentials, type ServerWritableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import { unixPath } from './unix-address.js';
import type { WorkloadChange } from './workload.js';
import type { WorkloadApiBackend } from './workload-api-backend.js';
import { WorkloadApiRefusal } from './workload-api-refusal.js';

/** The RPCs of the Workload API that are answered, by their name in the proto file. */
export type WorkloadApiMethod = 'FetchX509SVID' | 'FetchX509Bundles' | 'FetchJWTSVID' | 'FetchJWTBundles' | 'ValidateJWTSVID';

/** A running server. */
export interface WorkloadApiServer {
  /** As for `SPIFFE_ENDPOINT_SOCKET`. */
  readonly address: string;
  /** Calls that arrived with the security header, since the start. */
  callCount(method: WorkloadApiMethod): number;
  /** Ends all open streams with status OK. */
  endStreams(): void;
  /** Sends the present state on all open streams. */
  push(): void;
  close(): Promise<void>;
}

/** Serves `backend` at `address`, `unix:///absolute/path` or `tcp://ip:port` (port 0: any free one). */
export async function startWorkloadApiServer(address: string, backend: WorkloadApiBackend): Promise<WorkloadApiServer> {
  const server = new Server();
  const streams = new Set<{ readonly end: () => void; readonly send: () => void }>();
  const calls = new Map<WorkloadApiMethod, number>();

  /** Workload Endpoint §3: without the header it may be a confused browser or proxy that calls. */
  function admit(method: WorkloadApiMethod, metadata: Metadata): void {
    const values = metadata.get('workload.spiffe.io');
    if (values.length !== 1 || values[0] !== 'true') {
      throw new WorkloadApiRefusal(status.INVALID_ARGUMENT, 'security header missing from request');
    }
    calls.set(method, (calls.get(method) ?? 0) + 1);
  }

  function serveStream<Response extends object>(
    method: WorkloadApiMethod,
    change: WorkloadChange,
    read: () => Response | undefined,
    call: ServerWritableStream<unknown, Response>,
  ): void {
    const send = (): void => {
      try {
        const message = read();
        if (message) call.write(message);
      } catch (refusal) {
        stop();
        call.emit('error', statusOf(refusal));
      }
    };
    const stopListening = backend.onChange((changed) => {
      if (changed === change) send();
    });
    const stream = {
      send,
      end: () => {
        stop();
        call.end();
      },
    };
    function stop(): void {
      stopListening();
      streams.delete(stream);
    }
    call.once('cancelled', stop);
    call.once('close', stop);
    streams.add(stream);
    try {
      admit(method, call.metadata);
    } catch (refusal) {
      stop();
      call.emit('error', statusOf(refusal));
      return;
    }
    send();
  }

  function serveUnary<Response>(
    method: WorkloadApiMethod,
    metadata: Metadata,
    answer: () => Promise<Response | undefined>,
    callback: sendUnaryData<Response>,
  ): void {
    const answered = async (): Promise<Response | undefined> => {
      admit(method, metadata);
      return answer();
    };
    answered().then(
      (response) => {
        if (response !== undefined) callback(null, response);
      },
      (refusal: unknown) => callback(statusOf(refusal)),
    );
  }

  const handlers: GrpcJsHandlers<typeof SpiffeWorkloadAPI> = {
    fetchX509SVID: (call) => serveStream('FetchX509SVID', 'x509', () => backend.x509Svids(), call),
    fetchX509Bundles: (call) => serveStream('FetchX509Bundles', 'x509', () => backend.x509Bundles(), call),
    fetchJWTBundles: (call) => serveStream('FetchJWTBundles', 'jwt', () => backend.jwtBundles(), call),
    fetchJWTSVID: (call, callback) => serveUnary('FetchJWTSVID', call.metadata, () => backend.jwtSvids(call.request), callback),
    validateJWTSVID: (call, callback) =>
      serveUnary('ValidateJWTSVID', call.metadata, async () => backend.validateJwtSvid(call.request), callback),
    fetchWITSVID: (call) => call.emit('error', UNIMPLEMENTED),
    fetchWITBundles: (call) => call.emit('error', UNIMPLEMENTED),
  };
  server.addService(serviceDefinition(SpiffeWorkloadAPI), handlers);
  const bound = await bind(server, address);

  return {
    address: bound,
    callCount: (method) => calls.get(method) ?? 0,
    endStreams: () => {
      for (const stream of [...streams]) stream.end();
    },
    push: () => {
      for (const stream of [...streams]) stream.send();
    },
    close: async () => {
      server.forceShutdown();
      for (const stream of [...streams]) stream.end();
      const path = unixPath(bound);
      if (path !== undefined) await rm(path, { force: true });
    },
  };
}

const TCP = 'tcp://';
const UNIMPLEMENTED = { code: status.UNIMPLEMENTED, details: 'WIT-SVIDs are not served' };

function statusOf(refusal: unknown): { code: status; details: string } {
  if (refusal instanceof WorkloadApiRefusal) return { code: refusal.code, details: refusal.message };
  return { code: status.INTERNAL, details: String(refusal) };
}

/** Listens, and returns the address with the port that it got. */
async function bind(server: Server, address: string): Promise<string> {
  const tcp = address.startsWith(TCP);
  const path = unixPath(address);
  if (!tcp && path === undefined) {
    throw new RangeError(`a Workload API is served at unix:///absolute/path or tcp://ip:port, not at ${address}`);
  }
  const target = tcp ? address.slice(TCP.length) : `unix://${path}`;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(target, ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return tcp ? `${TCP}${target.slice(0, target.lastIndexOf(':'))}:${port}` : address;
}
