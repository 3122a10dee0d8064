import { DER_TAG, type DerReader } from './der-reader.js';
import { type GeneralName, type GeneralNameForm, readGeneralName } from './general-name.js';
import { SpiffeError } from './spiffe-error.js';

/** Bounds the work of one hostile CA: constraints × names below it. */
const MAX_SUBTREES = 256;
/** A host of one or more labels, lower case. Names and constraints are compared only where both are such hosts. */
export const HOST = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;

/** Whether one constraint covers a name of its form; the name is a lower-case host, or an address of one character per byte. */
export type Subtree = (name: string) => boolean;

/** What one CA certificate says about names of one form. */
export interface FormConstraints {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
  /** `false`: some constraint cannot be processed, so no name of this form may stand below. */
  readonly processable: boolean;
}

/** The constraints of one CA certificate on every name below it, by form (RFC 5280 §4.2.1.10). */
export type NameConstraints = ReadonlyMap<GeneralNameForm, FormConstraints>;

/** Reads a NameConstraints value. What cannot be processed is marked so: it only matters where a name meets it. */
export function readNameConstraints(value: DerReader): NameConstraints {
  const body = value.read(DER_TAG.sequence);
  const permitted = readSubtrees(body.readOptional(0xa0));
  const excluded = readSubtrees(body.readOptional(0xa1));
  body.end();
  const all = [...permitted, ...excluded];
  if (all.length === 0) throw malformed('no constraint at all');
  if (all.length > MAX_SUBTREES) {
    throw new SpiffeError('name_constraint_unprocessable', `more than ${MAX_SUBTREES} name constraints in one certificate`);
  }
  const byForm = new Map<GeneralNameForm, FormConstraints>();
  for (const form of new Set(all.map((base) => base.form))) {
    const ofForm = (bases: readonly GeneralName[]) => bases.filter((base) => base.form === form).map(compile);
    const [some, none] = [ofForm(permitted), ofForm(excluded)];
    const isSubtree = (subtree: Subtree | undefined) => subtree !== undefined;
    const processable = [...some, ...none].every(isSubtree);
    byForm.set(form, { permitted: some.filter(isSubtree), excluded: none.filter(isSubtree), processable });
  }
  return byForm;
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
  return subtrees;
}

/** URI, DNS and IP constraints that are well formed; `undefined` for all else. */
function compile(base: GeneralName): Subtree | undefined {
  const text = base.text.toLowerCase();
  switch (base.form) {
    case 'uri':
      return compileUri(text);
    case 'dns':
      return HOST.test(text) ? compileDns(text) : undefined;
    case 'ip':
      return compileIp(base.bytes);
    default:
      return undefined;
  }
}

/** `.td` covers every name below `td` but not `td` itself; `td` covers exactly `td`. */
function compileUri(base: string): Subtree | undefined {
  if (base.startsWith('.'))
    return HOST.test(base.slice(1)) ? (host) => host.length > base.length && host.endsWith(base) : undefined;
  return HOST.test(base) ? (host) => host === base : undefined;
}

/** `a.example` covers itself and every name made by adding labels on its left. */
function compileDns(base: string): Subtree {
  const suffix = `.${base}`;
  return (host) => host === base || host.endsWith(suffix);
}

/** An address followed by a mask of the same length, which is ones and then zeroes. */
function compileIp(bytes: Uint8Array): Subtree | undefined {
  if (bytes.length !== 8 && bytes.length !== 32) return undefined;
  const length = bytes.length / 2;
  const mask = bytes.subarray(length);
  if (!/^1*0*$/.test(Array.from(mask, (byte) => byte.toString(2).padStart(8, '0')).join(''))) return undefined;
  const network = Array.from(bytes.subarray(0, length), (byte, i) => byte & (mask[i] ?? 0));
  return (address) => address.length === length && network.every((byte, i) => (address.charCodeAt(i) & (mask[i] ?? 0)) === byte);
}

function malformed(what: string): SpiffeError {
  return new SpiffeError('certificate_malformed', `nameConstraints: ${what}`);
}
