import { createX509Bundle, parseTrustDomain } from '@dirgate/spiffe';
import { expect, test, vi } from 'vitest';
import { SILENT_LOGGER } from '../test-support/silent-logger.js';
import { BundleEntry } from '../updates/bundle-entry.js';
import { WorkloadApiError } from '../workload-api-error.js';
import { LiveSource } from './live-source.js';

const A = parseTrustDomain('a.example');
const BUNDLE = createX509Bundle(A, []);

/** Has one bundle, and something to wait for when it is closed. */
class Source extends LiveSource<'files'> {
  stopped: () => void = () => {};
  readonly #stopping = new Promise<void>((resolve) => {
    this.stopped = resolve;
  });

  constructor() {
    super(Date.now, SILENT_LOGGER);
    this.board.add('files', true);
    const entry = new BundleEntry(A, Buffer.from('x'), { parse: () => BUNDLE, report: () => {} }, undefined);
    this.state.setX509({ svids: [], chosen: undefined, bundles: new Map([[A.name, entry]]) });
    this.board.fresh('files');
  }

  /** What a read that was on its way does when it ends. */
  arrives(): void {
    this.board.failing('files', new WorkloadApiError('file_unreadable', 'late'));
    this.board.withdrawn('files', new WorkloadApiError('file_unreadable', 'late'));
    this.board.fresh('files');
  }

  protected override stop(): Promise<void> {
    return this.#stopping;
  }
}

test('closed: all is gone at once, though what is waited for hangs, and what comes late changes nothing', async () => {
  const source = new Source();
  expect(source.x509Bundle(A)).toBe(BUNDLE);
  expect(source.status().state).toBe('ready');
  let told = 0;
  source.onChange(() => told++);
  const closing = source.close();
  expect(source.x509Bundle(A)).toBeUndefined();
  expect(source.status()).toMatchObject({ state: 'withdrawn', lastError: { code: 'closed' } });
  expect(told).toBe(1);
  source.arrives();
  expect(source.status()).toMatchObject({ state: 'withdrawn', lastError: { code: 'closed' } });
  source.stopped();
  await closing;
  expect(told).toBe(1);
});

test('many may wait at a time: Node takes them for no leak, and none of them stays', async () => {
  const warned = vi.fn();
  process.on('warning', warned);
  try {
    const source = new Source();
    const waiting = Array.from({ length: 50 }, () => source.waitFor(() => false, { timeoutMs: 60_000 }));
    const ended = Promise.allSettled(waiting);
    // Warnings come with the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    source.stopped();
    await source.close();
    expect((await ended).map((end) => end.status === 'rejected' && end.reason.code)).toEqual(waiting.map(() => 'closed'));
  } finally {
    process.off('warning', warned);
  }
  expect(warned).not.toHaveBeenCalled();
});
