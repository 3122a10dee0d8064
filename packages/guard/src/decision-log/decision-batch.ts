import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A compressed JSON array of lines. */
export interface DecisionBatch {
  readonly body: Buffer;
  /** How many lines it holds, from the first on. */
  readonly count: number;
  /** How many bytes of lines a byte of it held. */
  readonly ratio: number;
}

/**
 * Packs as many of the first lines as fit into `maxBytes`, compressed. `ratio` is a guess of how well they compress: what
 * turns out too large is packed again with fewer lines. `undefined`: the first line alone does not fit.
 */
export async function packBatch(lines: readonly string[], maxBytes: number, ratio: number): Promise<DecisionBatch | undefined> {
  let plainBytes = 0;
  let count = 0;
  for (const line of lines) {
    if (count > 0 && plainBytes + line.length > maxBytes * ratio) {
      break;
    }
    plainBytes += line.length + 1;
    count += 1;
  }
  for (; count > 0; count = Math.floor(count / 2)) {
    const plain = Buffer.from(`[${lines.slice(0, count).join()}]`, 'latin1');
    const body = await promisify(gzip)(plain);
    if (body.length <= maxBytes) {
      return { body, count, ratio: plain.length / body.length };
    }
  }
  return undefined;
}
