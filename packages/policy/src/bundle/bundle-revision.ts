import { PolicyError } from '../policy-error.js';
import type { Bundle } from './bundle.js';

/** A revision that has an order: a whole number in decimal digits without leading zeros, at most 32 of them. */
export function parseRevision(revision: string): bigint | undefined {
  return /^(?:0|[1-9]\d{0,31})$/.test(revision) ? BigInt(revision) : undefined;
}

/**
 * Refuses a bundle that is older than the one in force, or than `oldest`.
 *
 * @throws {PolicyError} `bundle_older`: also when the two cannot be compared
 */
export function refuseOlder(next: Bundle, held: Bundle | undefined, oldest: bigint | undefined, origin: string): void {
  const revision = parseRevision(next.manifest.revision);
  if (revision === undefined) {
    throw older(origin, `its revision ${JSON.stringify(next.manifest.revision)} is not a whole number`);
  }
  if (oldest !== undefined && revision < oldest) throw older(origin, `its revision ${revision} is below ${oldest}`);
  if (held === undefined || next.sha256 === held.sha256) return;
  const present = parseRevision(held.manifest.revision);
  if (present !== undefined && revision > present) return;
  throw older(origin, `its revision ${revision} does not follow ${held.manifest.revision}, which is in force`);
}

function older(origin: string, reason: string): PolicyError {
  return new PolicyError('bundle_older', `${origin}: /.manifest: ${reason}; build it with a higher \`opa build --revision\``);
}
