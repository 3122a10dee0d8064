import { pathVersion } from './path-version.js';

/** What was read from a path, and the {@link pathVersion} that it had before and after. */
export interface SettledRead<T> {
  readonly value: T;
  readonly version: string;
}

/** How {@link readSettled} reads. */
export interface SettledReadOptions<T> {
  readonly path: string;
  /** Waits for as long as nothing may change before it is read. */
  readonly pause: () => Promise<void>;
  readonly read: () => Promise<T>;
}

/** A writer that never rests would keep a reader for ever. */
const maxAttempts = 40;

/**
 * Reads a path once it lies still: half of a list of grants may be a list of grants too, and a wider one. `undefined` when
 * it never does. Rejects as `pause` does, and as `read` does on a path that lies still.
 */
export async function readSettled<T>({ path, pause, read }: SettledReadOptions<T>): Promise<SettledRead<T> | undefined> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const version = await pathVersion(path);
    await pause();
    if ((await pathVersion(path)) !== version) continue;
    try {
      const value = await read();
      if ((await pathVersion(path)) === version) return { value, version };
    } catch (error) {
      // What could not be read while it changed says nothing.
      if ((await pathVersion(path)) === version) throw error;
    }
  }
  return undefined;
}
