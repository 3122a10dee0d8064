import type { Attempt } from '@dirgate/harness';
import type { LoadedClient } from './load.js';

/** How a stream that was held open ended. */
export interface StreamEnd {
  readonly stream: string;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
  readonly status: Attempt['status'];
  readonly details: string;
}

/** A server stream and a bidi stream of each client that stay open until something ends them. */
export class HeldStreams {
  /** Resolves when all of them have ended. */
  readonly ended: Promise<readonly StreamEnd[]>;
  readonly #answers: readonly (() => Promise<void>)[];

  private constructor(clients: readonly LoadedClient[]) {
    const streams = clients.flatMap(({ name, client, cid }) => {
      const listen = client.openListen();
      const pull = client.openPull();
      return [
        { stream: `${name} server stream`, answer: () => listen.event(), ended: listen.ended },
        { stream: `${name} bidi stream`, answer: () => pull.pull(cid), ended: pull.ended },
      ];
    });
    this.#answers = streams.map(({ answer }) => answer);
    this.ended = Promise.all(
      streams.map(async ({ stream, ended }) => {
        const { status, details } = await ended;
        return { stream, endedAt: Date.now(), status, details };
      }),
    );
  }

  /** Opens them; resolves when each has answered. */
  static async open(clients: readonly LoadedClient[]): Promise<HeldStreams> {
    const streams = new HeldStreams(clients);
    await streams.answer();
    return streams;
  }

  /** Resolves when each of them has answered once more; rejects when one has ended. */
  async answer(): Promise<void> {
    await Promise.all(this.#answers.map((answer) => answer()));
  }
}
