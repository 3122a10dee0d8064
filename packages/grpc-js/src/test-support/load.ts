import type { CallOptions } from '@grpc/grpc-js';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Outcome, ShapesClient } from './four-shapes.js';

/** Between two calls of one caller: several worlds share a process in these tests. */
const PAUSE_MS = 10;

/** Callers that go on until they are told to stop: of unary calls, and of bidi calls that live for a while. */
export class Load {
  readonly failed: Outcome[] = [];
  calls = 0;
  #stopped = false;
  readonly #workers: Promise<void>[];

  constructor(client: ShapesClient, { unary = 4, bidi = 3 } = {}) {
    this.#workers = [
      ...Array.from({ length: unary }, () => this.#repeat(() => client.call('unary'))),
      ...Array.from({ length: bidi }, (_, index) => this.#repeat(() => longBidi(client, 20 + index * 40))),
    ];
  }

  /** Stops and waits for what is in flight. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  async #repeat(call: () => Promise<Outcome>): Promise<void> {
    while (!this.#stopped) {
      const outcome = await call();
      this.calls += 1;
      if (outcome.code !== status.OK) this.failed.push(outcome);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** A bidi call that sends a message every few milliseconds for so long, and must be answered each one. */
function longBidi({ store }: ShapesClient, durationMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const options: CallOptions = { deadline: Date.now() + 20_000 };
    const call = store.lookup(new Metadata(), options);
    const endsAt = Date.now() + durationMs;
    let sent = 1;
    let answers = 0;
    call.on('data', () => {
      answers += 1;
      if (Date.now() >= endsAt) {
        call.end();
        return;
      }
      setTimeout(() => {
        sent += 1;
        call.write({ cid: 'next' });
      }, 5);
    });
    call.on('error', ({ code, details }: ServiceError) => resolve({ code, details, answers }));
    call.on('end', () =>
      resolve({ code: answers === sent ? status.OK : status.DATA_LOSS, details: `${answers} answers of ${sent}`, answers }),
    );
    call.write({ cid: 'first' });
  });
}
