import { parseTrustDomain } from '@dirgate/spiffe';
import { type ConnectWorkloadApiOptions, connectWorkloadApi, type WorkloadApi } from '@dirgate/workload-api';
import { afterEach, beforeEach, vi } from 'vitest';
import { createIdentityAuthority, type IdentityAuthority } from '../identity-authority.js';
import type { ServedWorkload } from '../served-workload.js';
import { RecordingLogger } from './recording-logger.js';

export const A = parseTrustDomain('a.example');
export const B = parseTrustDomain('b.example');
export const C = parseTrustDomain('c.example');
export const ID = 'spiffe://a.example/agent/a1';
export const QUICK = { backoff: { initialMs: 5, maxMs: 20 } } as const;

// New before each test of a file that calls serveWorkload().
export let authority: IdentityAuthority;
export let served: ServedWorkload;
export let logger: RecordingLogger;
/** Closed after each test. */
export const opened: WorkloadApi[] = [];

/** Before each test of the calling file: an authority that serves one workload. After it: everything is closed. */
export function serveWorkload(): void {
  beforeEach(async () => {
    logger = new RecordingLogger();
    authority = await createIdentityAuthority({
      trustDomains: [
        { name: 'a.example', federatesWith: ['b.example', 'c.example'], intermediates: 1 },
        { name: 'b.example' },
        { name: 'c.example' },
      ],
    });
    served = await authority.serveWorkloadApi({ id: ID });
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((api) => api.close()));
    await authority.close();
    vi.unstubAllEnvs();
  });
}

/** A client of that workload's socket. */
export async function connect(options: ConnectWorkloadApiOptions = {}): Promise<WorkloadApi> {
  const api = await connectWorkloadApi({ address: served.address, logger, ...QUICK, ...options });
  opened.push(api);
  return api;
}

/** Tells one SVID from the next. */
export function serialsOf(api: WorkloadApi): string | undefined {
  const [leaf] = api.x509Svid()?.chain ?? [];
  return leaf && Buffer.from(leaf).toString('hex');
}

/** Serves the workload anew at `address`, as an agent that was restarted. */
export async function serveAgain(address: string): Promise<void> {
  served = await authority.serveWorkloadApi({ id: ID, address });
}
