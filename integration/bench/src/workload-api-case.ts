/** Does something `count` times over, one after the other. Throws or rejects when it fails once. */
export type Work = (count: number) => void | Promise<void>;

/** One thing to measure, with its bare twin. */
export interface WorkloadApiCase {
  readonly name: string;
  /** What the twin is depends on it: see the README. */
  readonly kind: 'read' | 'token' | 'update';
  /** How many federated trust domains there are beside our own. */
  readonly trustDomains: number;
  readonly subject: Work;
  readonly twin: Work;
  /** For updates: the same message, received from the same agent by a bare gRPC client that does not look into it. */
  readonly received: Work | undefined;
  /** What the project set out to reach, in microseconds. */
  readonly goalMicros: number | undefined;
  /** Whether it set out to allocate nothing. */
  readonly allocatesNothing: boolean;
}

/** Reads again and again; a read that finds nothing is a failure. */
export function repeatRead(read: () => unknown): Work {
  return (count) => {
    for (let index = 0; index < count; index++) {
      if (read() === undefined) throw new Error('there was nothing to read');
    }
  };
}

/** As {@link repeatRead}, for reads that are to be awaited. */
export function repeatAwaited(read: () => Promise<unknown>): Work {
  return async (count) => {
    for (let index = 0; index < count; index++) {
      if ((await read()) === undefined) throw new Error('there was nothing to read');
    }
  };
}

/** Gives the elements in turns, for ever. @throws RangeError when there is none */
export function inTurns<T>(elements: readonly T[]): () => T {
  let next = 0;
  return () => {
    const element = elements[next];
    if (element === undefined) throw new RangeError('nothing takes turns');
    next = next + 1 === elements.length ? 0 : next + 1;
    return element;
  };
}
