import { truncate } from 'node:fs/promises';
import {
  type CountRecordsRequest,
  type CountRecordsResponse,
  type RecordMeta,
  type RecordRef,
  SearchServiceDefinition,
  StoreServiceDefinition,
} from '@dirgate/directory';
import { createServerCredentials } from '@dirgate/grpc-js';
import { type handleBidiStreamingCall, type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import type { PemIdentity } from './benchmark-identities.js';
import { type GuardSettings, openGuardUnderTest } from './guard-under-test.js';

/** Which server to start. */
export type ServerSettings =
  | {
      readonly kind: 'bare';
      readonly identity: PemIdentity;
      /** CAs of the clients, PEM. */
      readonly roots: string;
      readonly requireClientCertificate: boolean;
    }
  | { readonly kind: 'guarded'; readonly guard: GuardSettings };

/** A gRPC server whose handlers do next to nothing, so that what is left is the way to them. */
export interface ServerUnderTest extends AsyncDisposable {
  readonly port: number;
  /** Resolves when nothing is left of the calls so far: their audit trail is written, and then dropped. */
  settle(): Promise<void>;
}

const countRecords: handleUnaryCall<CountRecordsRequest, Partial<CountRecordsResponse>> = (_call, callback) => {
  callback(null, { totalCount: 1 });
};

const lookup: handleBidiStreamingCall<RecordRef, Partial<RecordMeta>> = (call) => {
  call.on('data', ({ cid }: RecordRef) => call.write({ cid }));
  call.on('end', () => call.end());
};

/** Starts a server on a free port of 127.0.0.1. */
export async function startServerUnderTest(settings: ServerSettings): Promise<ServerUnderTest> {
  const { credentials, settle, close } =
    settings.kind === 'bare' ? bareListener(settings) : await guardedListener(settings.guard);
  const server = new Server();
  server.addService(SearchServiceDefinition, { countRecords });
  server.addService(StoreServiceDefinition, { lookup });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    port,
    settle,
    [Symbol.asyncDispose]: async () => {
      server.forceShutdown();
      await close();
    },
  };
}

interface Listener {
  readonly credentials: ServerCredentials;
  readonly settle: () => Promise<void>;
  readonly close: () => Promise<void>;
}

function bareListener({ identity, roots, requireClientCertificate }: ServerSettings & { readonly kind: 'bare' }): Listener {
  const pair = { cert_chain: Buffer.from(identity.cert), private_key: Buffer.from(identity.key) };
  return {
    credentials: ServerCredentials.createSsl(Buffer.from(roots), [pair], requireClientCertificate),
    settle: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function guardedListener(settings: GuardSettings): Promise<Listener> {
  const opened = await openGuardUnderTest(settings);
  return {
    credentials: createServerCredentials(opened.guard),
    settle: async () => {
      await opened.audit.flush();
      if (opened.audit.dropped > 0) throw new Error('the audit trail lost events: the figures would flatter the guard');
      await truncate(settings.auditFile);
    },
    close: async () => opened[Symbol.asyncDispose](),
  };
}
