import { status } from '@grpc/grpc-js';
import { Backoff } from '../calls/backoff.js';
import { type CallFailure, errorOf } from '../calls/call-failure.js';
import { runStreamLoop } from '../calls/stream-loop.js';
import { openWorkloadApiStream, type WorkloadApiClient, type WorkloadApiStream } from '../calls/workload-api-channel.js';
import type { Settings } from '../connect-options.js';
import type { BundleReport } from '../updates/bundle-entry.js';
import { MessageReports } from '../updates/message-reports.js';
import type { WorkloadApiError } from '../workload-api-error.js';
import type { FirstUpdate, WorkloadApiProfile } from './first-update.js';
import type { StatusBoard } from './identity-status.js';
import { WithdrawalGrace } from './withdrawal-grace.js';

/** One profile, and what its stream does to the identity. */
export interface ProfileStream {
  readonly profile: WorkloadApiProfile;
  readonly name: WorkloadApiStream;
  /** Takes a message over; rejects when it must be discarded. */
  readonly apply: (message: Uint8Array, report: BundleReport) => Promise<Applied>;
  /** Takes away what the messages brought. */
  readonly drop: () => void;
  readonly first: FirstUpdate;
  readonly board: StatusBoard<WorkloadApiProfile>;
  readonly openClient: () => WorkloadApiClient;
  readonly settings: Settings;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** What became of a message that was taken over; empty when all is well. */
export interface Applied {
  /** It is good, but why it has nothing for us. */
  readonly lacking?: WorkloadApiError;
  /** Why a part of it was discarded. */
  readonly refused?: WorkloadApiError;
}

/** Keeps one profile up to date until `signal` is aborted, or the endpoint says that it never will be. Never rejects. */
export async function runProfileStream(stream: ProfileStream): Promise<void> {
  const { profile, name, first, board, settings, signal } = stream;
  const { withdrawGraceMs, responseTimeoutMs, logger, backoff } = settings;
  const reports = new MessageReports((problem) => logger.warn(problem));
  let held = false;
  let failure: WorkloadApiError | undefined;
  const grace = new WithdrawalGrace(withdrawGraceMs, () => {
    logger.error(`${name}: withdrawn by the endpoint; what it gave us is not used any more`);
    held = false;
    stream.drop();
    board.withdrawn(profile, failure);
  });
  const ended = await runStreamLoop<Uint8Array>({
    name,
    openClient: stream.openClient,
    openStream: (client) => openWorkloadApiStream(client, name),
    apply: async (message) => {
      reports.begin();
      const { lacking, refused } = await stream.apply(message, reports.report);
      held = true;
      grace.granted();
      if (lacking) board.withdrawn(profile, lacking);
      // The loop reports it, once, as it does with what is discarded whole.
      if (refused) throw refused;
      if (lacking) {
        first.failed(profile, { code: status.DATA_LOSS, details: lacking.message, cause: lacking, discarded: true });
      } else {
        board.fresh(profile);
        first.arrived(profile);
      }
    },
    onFailure: (cause: CallFailure) => {
      failure = errorOf(name, cause);
      if (held && cause.code === status.PERMISSION_DENIED) grace.denied();
      board.failing(profile, failure);
      first.failed(profile, cause);
    },
    backoff: new Backoff(backoff),
    responseTimeoutMs,
    logger,
    signal,
  });
  if (!ended || signal.aborted) return grace.granted();
  // Nothing will ever update this profile again, so that nothing of it can be trusted for long.
  if (held) grace.denied();
  else if (ended.code === status.UNIMPLEMENTED) board.off(profile);
  first.ended(profile, ended);
  signal.addEventListener('abort', () => grace.granted(), { once: true });
}
