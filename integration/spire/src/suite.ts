import type { SpireTools } from './spire-tools.js';
import type { SpireWorld } from './spire-world.js';

/** What a suite is given. */
export interface SuiteContext {
  readonly tools: SpireTools;
  readonly world: SpireWorld;
  readonly signal: AbortSignal;
  /** Runs one counted check. When it fails the suite ends, since what follows rests on it. */
  check(name: string, run: () => Promise<void> | void): Promise<void>;
  /** Says what takes long. */
  progress(text: string): void;
}

/** A story with real SPIRE in a world of its own. */
export interface Suite {
  readonly name: string;
  /** One line for `--help`. */
  readonly about: string;
  /** It fails if it takes longer. */
  readonly limitMs: number;
  run(context: SuiteContext): Promise<void>;
}
