import { isJsonObject } from '../json-object.js';
import { PolicyError } from '../policy-error.js';
import { type BundleKey, type ReadBundleKey, readBundleKeys } from './bundle-keys.js';
import { parseRevision } from './bundle-revision.js';

/** Which bundles are taken. Once it is given, a bundle without a signature that holds is refused. */
export interface BundleVerification {
  /** Who may sign. Each signature names one of them by its ID. */
  readonly keys: readonly BundleKey[];
  /** The `scope` that a signature must have. Default: it must have none. */
  readonly scope?: string;
  /**
   * Refuses a bundle that is older than the one in force, by the manifest's `revision`, which must be a whole number then
   * (`opa build --revision 17`; a time as in `20261127033000` is one too). With the number of the one in force, only the same
   * contents are taken. Nothing is kept over a restart: that is what `oldestRevision` is for. Default `false`.
   */
  readonly refuseOlder?: boolean;
  /** The oldest revision that is taken. Implies `refuseOlder`. */
  readonly oldestRevision?: string;
  /** Whether grants from a file, which nobody signed, may stand beside a signed bundle. Default `false`. */
  readonly allowUnsignedGrants?: boolean;
}

/** {@link BundleVerification}, read. */
export interface ReadVerification {
  readonly keys: ReadonlyMap<string, ReadBundleKey>;
  readonly scope: string;
  readonly refuseOlder: boolean;
  readonly oldestRevision: bigint | undefined;
}

const members: ReadonlySet<string> = new Set<keyof BundleVerification>([
  'keys',
  'scope',
  'refuseOlder',
  'oldestRevision',
  'allowUnsignedGrants',
]);

/** @throws {PolicyError} `option_invalid` */
export function readVerification(verification: BundleVerification): ReadVerification {
  if (!isJsonObject(verification) || !Array.isArray(verification.keys)) throw invalid('it must be an object with keys');
  // Misspelt, or of another kind, what should protect would be off without a word.
  const unknown = Object.keys(verification).find((name) => !members.has(name));
  if (unknown !== undefined) throw invalid(`${unknown} is no known member`);
  const { scope = '', refuseOlder = false, oldestRevision, allowUnsignedGrants = false } = verification;
  if (typeof scope !== 'string') throw invalid('scope must be text');
  if (typeof refuseOlder !== 'boolean') throw invalid('refuseOlder must be true or false');
  if (typeof allowUnsignedGrants !== 'boolean') throw invalid('allowUnsignedGrants must be true or false');
  const oldest = oldestRevision === undefined ? undefined : parseRevision(oldestRevision);
  if (oldestRevision !== undefined && oldest === undefined) throw invalid('oldestRevision must be a whole number, as text');
  return {
    keys: readBundleKeys(verification.keys),
    scope,
    refuseOlder: refuseOlder || oldest !== undefined,
    oldestRevision: oldest,
  };
}

function invalid(reason: string): PolicyError {
  return new PolicyError('option_invalid', `verification: ${reason}`);
}
