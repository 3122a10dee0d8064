import { DER_TAG, type DerReader } from './der-reader.js';
import { type GeneralName, readGeneralName } from './general-name.js';
import { SpiffeError } from './spiffe-error.js';

/** Bounds the work of one hostile CA: constraints × names below it. */
const MAX_SUBTREES = 256;

/** The constraints of one CA certificate on every name below it (RFC 5280 §4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** Reads a NameConstraints value; whether its forms can be processed is judged where a name meets them. */
export function readNameConstraints(value: DerReader): NameConstraints {
  const body = value.read(DER_TAG.sequence);
  const permitted = readSubtrees(body.readOptional(0xa0));
  const excluded = readSubtrees(body.readOptional(0xa1));
  body.end();
  if (permitted.length + excluded.length === 0) throw malformed('no constraint at all');
  if (permitted.length + excluded.length > MAX_SUBTREES) {
    throw new SpiffeError('name_constraint_unprocessable', `more than ${MAX_SUBTREES} name constraints in one certificate`);
  }
  return Object.freeze({ permitted, excluded });
}

function readSubtrees(list: DerReader | undefined): readonly GeneralName[] {
  const subtrees: GeneralName[] = [];
  if (list === undefined) return subtrees;
  if (list.isAtEnd) throw malformed('an empty list of subtrees');
  while (!list.isAtEnd) {
    const subtree = list.read(DER_TAG.sequence);
    subtrees.push(readGeneralName(subtree));
    // minimum and maximum are not used in this profile: 0 and absent, hence never encoded.
    subtree.end();
  }
  return Object.freeze(subtrees);
}

function malformed(what: string): SpiffeError {
  return new SpiffeError('certificate_malformed', `nameConstraints: ${what}`);
}
