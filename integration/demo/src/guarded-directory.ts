import {
  directoryCatalogue,
  PublicationServiceDefinition,
  RoutingServiceDefinition,
  SearchServiceDefinition,
  StoreServiceDefinition,
  SyncServiceDefinition,
} from '@dirgate/directory';
import { type Directory, grpcJsImplementations, niceGrpcImplementations, openDirectory } from '@dirgate/directory-server';
import { callerOf, createServerCredentials } from '@dirgate/grpc-js';
import { type Caller, createGuard, type DecisionLog, type Guard, openDecisionLog } from '@dirgate/guard';
import { type ObservedCall, observedHandlers } from '@dirgate/harness';
import { callerMiddleware } from '@dirgate/nice-grpc';
import { type LivePolicy, loadPolicy } from '@dirgate/policy';
import type { IdentitySource } from '@dirgate/spiffe';
import { Server as GrpcServer } from '@grpc/grpc-js';
import { type CallContext, createServer, type Server as NiceServer, type ServerMiddlewareCall } from 'nice-grpc';
import { DemoError } from './demo-error.js';

/** What the guarded Directory is made of. */
export interface GuardedDirectoryOptions {
  readonly identity: IdentitySource;
  readonly audience: string;
  /** `address:port` of the two listeners. */
  readonly listen: string;
  readonly niceListen: string;
  /** Paths of the database, the audit trail, the policy bundle and the grants. */
  readonly database: string;
  readonly audit: string;
  readonly bundle: string;
  readonly grants: string;
  /** Told by every handler that runs, on either listener. */
  readonly onHandler: (caller: Caller) => void;
}

/** The Directory behind its guard, on a grpc-js and on a nice-grpc listener. */
export interface GuardedDirectory {
  readonly guard: Guard;
  readonly directory: Directory;
  readonly audit: DecisionLog;
  /** Where the listeners are. */
  readonly address: string;
  readonly niceAddress: string;
  /** Lets calls in flight end, for at most five seconds, then closes everything. Nothing that was stored is lost. */
  close(): Promise<void>;
}

const DRAIN_MS = 5000;
const LIMITS = { 'grpc.max_concurrent_streams': 1000, 'grpc-node.max_session_memory': 64 };

/** Opens everything in the order of what can fail first; what was opened before a failure is closed again. */
export async function startGuardedDirectory(options: GuardedDirectoryOptions): Promise<GuardedDirectory> {
  const closers: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
      await closer();
    }
  };
  try {
    const policy = await loadPolicy({ bundle: options.bundle, data: options.grants });
    const directory = openDirectory({ file: options.database });
    closers.push(() => directory.close());
    const audit = openDecisionLog({ to: options.audit });
    closers.push(() => audit.close());
    const guard = createDirectoryGuard(options, policy, directory, audit);
    closers.push(() => guard.close());
    const server = createGrpcServer(directory, options.onHandler);
    const port = await listening(options.listen, () => bindGrpcServer(server, options.listen, guard));
    closers.push(() => drainGrpcServer(server));
    const niceServer = createNiceServer(directory, options.onHandler);
    const nicePort = await listening(options.niceListen, () =>
      niceServer.listen(options.niceListen, createServerCredentials(guard)),
    );
    closers.push(() => drainNiceServer(niceServer));
    const address = withPort(options.listen, port);
    const niceAddress = withPort(options.niceListen, nicePort);
    return { guard, directory, audit, address, niceAddress, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function createDirectoryGuard(
  { identity, audience }: GuardedDirectoryOptions,
  policy: LivePolicy,
  directory: Directory,
  audit: DecisionLog,
): Guard {
  return createGuard({
    identity,
    policy,
    accept: 'either',
    audience: [audience],
    catalogue: directoryCatalogue,
    describe: (resource) => directory.describe(resource),
    onDecision: audit.onDecision,
  });
}

function createGrpcServer(directory: Directory, onHandler: (caller: Caller) => void): GrpcServer {
  const { store, sync, routing, publication, search } = grpcJsImplementations(directory);
  const tell = (call: ObservedCall): void => onHandler(callerOf(call));
  const server = new GrpcServer(LIMITS);
  server.addService(StoreServiceDefinition, observedHandlers(store, tell));
  server.addService(SyncServiceDefinition, observedHandlers(sync, tell));
  server.addService(RoutingServiceDefinition, observedHandlers(routing, tell));
  server.addService(PublicationServiceDefinition, observedHandlers(publication, tell));
  server.addService(SearchServiceDefinition, observedHandlers(search, tell));
  return server;
}

function createNiceServer(directory: Directory, onHandler: (caller: Caller) => void): NiceServer {
  const { store, sync, routing, publication, search } = niceGrpcImplementations(directory);
  const server = createServer(LIMITS)
    .use(callerMiddleware())
    .use(async function* observe<Request, Response>(
      call: ServerMiddlewareCall<Request, Response>,
      context: CallContext & { readonly caller: Caller },
    ) {
      onHandler(context.caller);
      return yield* call.next(call.request, context);
    });
  server.add(StoreServiceDefinition, store);
  server.add(SyncServiceDefinition, sync);
  server.add(RoutingServiceDefinition, routing);
  server.add(PublicationServiceDefinition, publication);
  server.add(SearchServiceDefinition, search);
  return server as unknown as NiceServer;
}

function bindGrpcServer(server: GrpcServer, listen: string, guard: Guard): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, createServerCredentials(guard), (error, port) => (error ? reject(error) : resolve(port)));
  });
}

async function listening(address: string, bind: () => Promise<number>): Promise<number> {
  try {
    return await bind();
  } catch (cause) {
    const why = cause instanceof Error && cause.message.includes('EADDRINUSE') ? 'the address is in use' : String(cause);
    throw new DemoError(
      `cannot listen on ${address}: ${why}. Stop what listens there, or set DIRGATE_DEMO_LISTEN / DIRGATE_DEMO_NICE_LISTEN`,
      { cause },
    );
  }
}

async function drainGrpcServer(server: GrpcServer): Promise<void> {
  const timer = setTimeout(() => server.forceShutdown(), DRAIN_MS);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(timer);
}

async function drainNiceServer(server: NiceServer): Promise<void> {
  const timer = setTimeout(() => server.forceShutdown(), DRAIN_MS);
  await server.shutdown();
  clearTimeout(timer);
}

function withPort(address: string, port: number): string {
  return address.replace(/\d+$/, String(port));
}
