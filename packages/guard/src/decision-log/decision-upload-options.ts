import type { Agent } from 'node:http';
import type { DecisionFormat } from './decision-line.js';

/** Where decisions are sent, and how. */
export interface DecisionUploadOptions extends DecisionFormat {
  /** Of the service; batches go to `URL/logs`. `https:`, or `http:` to this host. */
  readonly url: string;
  /** Batches go to `URL/logs/PARTITION`. */
  readonly partition?: string;
  /** The `authorization` header, or what answers it for each attempt, for one that is renewed. */
  readonly authorization?: string | (() => string | Promise<string>);
  /** For authorities or a client certificate of your own; default: Node's. */
  readonly agent?: Agent;
  /** Send over plain HTTP to another host too, where the network itself is trusted; never with `authorization`. */
  readonly plaintext?: boolean;
  /** Size of a batch, compressed; default 32,768, as OPA's. */
  readonly maxBatchBytes?: number;
  /** Lines beyond this many bytes, not compressed, that wait for the service are dropped; default 33,554,432. */
  readonly maxWaitingBytes?: number;
  /** A batch that is not full waits for a random time between the two; defaults 1,000 and 5,000. */
  readonly minDelayMs?: number;
  readonly maxDelayMs?: number;
  /** How long an attempt may take; default 10,000. */
  readonly timeoutMs?: number;
  /** How long `close()` tries to send what waits; default 5,000. */
  readonly closeTimeoutMs?: number;
}
