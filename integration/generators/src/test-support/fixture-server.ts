import type { MessageGenerator } from '@dirgate/guard';
import type { ServerCredentials } from '@grpc/grpc-js';

/**
 * What the handlers of a fixture server were given, one line a message: `push NAME`, `pull CID`, `delete CID`, `deleted`
 * at the end of the stream, `publish CIDs`, `publish all`, `publish queries`, `search`.
 */
export type HandlerLog = string[];

/**
 * A slice of a Directory built from the code of one generator: Push, Pull and Delete of the Store, Publish of Routing,
 * SearchCIDs of Search. Push answers `cid of NAME`, Pull a record of the name `acme/CID`, SearchCIDs two CIDs.
 */
export interface FixtureServer {
  readonly messages: MessageGenerator;
  /** Listens on a free port of 127.0.0.1. */
  listen(credentials: ServerCredentials, log: HandlerLog): Promise<RunningServer>;
}

/** A fixture server that listens. */
export interface RunningServer {
  readonly address: string;
  stop(): void;
}
