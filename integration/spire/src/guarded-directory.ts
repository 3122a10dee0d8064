import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  directoryCatalogue,
  RoutingServiceDefinition,
  SearchServiceDefinition,
  StoreServiceDefinition,
} from '@dirgate/directory';
import { grpcJsImplementations, openDirectory } from '@dirgate/directory-server';
import { callerOf, createServerCredentials } from '@dirgate/grpc-js';
import { type Caller, createGuard, type DecisionEvent } from '@dirgate/guard';
import { observedHandlers } from '@dirgate/harness';
import { loadPolicy } from '@dirgate/policy';
import type { IdentitySource } from '@dirgate/spiffe';
import { Server } from '@grpc/grpc-js';
import { EventServiceDefinition, eventService } from './event-service.js';

const repository = new URL('../../../', import.meta.url);

/** The Directory behind its guard, and what the server saw. */
export interface GuardedDirectory extends AsyncDisposable {
  readonly address: string;
  /** Every decision that refused, failed authentications and revocations included, in order. */
  readonly refusals: readonly DecisionEvent[];
  /** How many handlers have run for a caller: each attempt that reached one counts, the client's retries too. */
  handled(id: string, credential: Caller['credential']): number;
  /** How many streams of a caller are with their handlers now. */
  running(id: string, credential: Caller['credential']): number;
  /** The addresses from which a caller's calls were allowed: one for each of its connections. */
  connectionsOf(id: string): ReadonlySet<string>;
}

/** Starts the guarded Directory on a free port. Its records are in a file in `folder`. */
export async function startGuardedDirectory(
  identity: IdentitySource,
  audience: string,
  folder: string,
): Promise<GuardedDirectory> {
  const policy = await loadPolicy({
    bundle: fileURLToPath(new URL('policies/dist/directory.tar.gz', repository)),
    data: fileURLToPath(new URL('integration/grants.yaml', repository)),
  });
  const directory = openDirectory({ file: join(folder, 'directory.db') });
  const refusals: DecisionEvent[] = [];
  const connections = new Map<string, Set<string>>();
  const guard = createGuard({
    identity,
    policy,
    accept: 'either',
    audience: [audience],
    catalogue: directoryCatalogue,
    describe: (resource) => directory.describe(resource),
    onDecision: (event) => {
      if (!event.allow) refusals.push(event);
      else if (event.subject !== undefined) entry(connections, event.subject, () => new Set<string>()).add(event.peerAddress);
    },
  });
  const handled = new Map<string, number>();
  const running = new Map<string, number>();
  const onCall: Parameters<typeof observedHandlers>[1] = (call, answers) => {
    const { id, credential } = callerOf(call);
    const key = `${credential} ${id}`;
    add(handled, key, 1);
    if (answers === undefined) return;
    add(running, key, 1);
    answers.once('close', () => add(running, key, -1));
  };
  const server = new Server({ 'grpc.max_concurrent_streams': 1000, 'grpc-node.max_session_memory': 64 });
  const { store, routing, search } = grpcJsImplementations(directory);
  server.addService(StoreServiceDefinition, observedHandlers(store, onCall));
  server.addService(RoutingServiceDefinition, observedHandlers(routing, onCall));
  server.addService(SearchServiceDefinition, observedHandlers(search, onCall));
  server.addService(EventServiceDefinition, observedHandlers(eventService, onCall));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', createServerCredentials(guard), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    address: `127.0.0.1:${port}`,
    refusals,
    handled: (id, credential) => handled.get(`${credential} ${id}`) ?? 0,
    running: (id, credential) => running.get(`${credential} ${id}`) ?? 0,
    connectionsOf: (id) => connections.get(id) ?? new Set(),
    [Symbol.asyncDispose]: async () => {
      server.forceShutdown();
      guard.close();
      directory.close();
    },
  };
}

function add(counts: Map<string, number>, key: string, more: number): void {
  counts.set(key, (counts.get(key) ?? 0) + more);
}

function entry<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  const value = map.get(key) ?? create();
  map.set(key, value);
  return value;
}
