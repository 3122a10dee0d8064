import { DER_TAG, type DerReader } from './der-reader.js';
import { comparableDistinguishedName } from './distinguished-name.js';
import { type GeneralName, type GeneralNameForm, readGeneralName } from './general-name.js';
import { HOST } from './host-name.js';
import { comparableMailbox } from './mailbox.js';
import { SpiffeError } from './spiffe-error.js';

/** Bounds the work of one hostile CA: constraints × names below it. */
const MAX_SUBTREES = 256;
/**
 * Whether one constraint covers a name of its form. The name is a lower-case host, an address of one character per byte, a
 * {@link comparableMailbox} or a {@link comparableDistinguishedName}.
 */
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

/** Constraints of the five forms that are processed, where they are well formed; `undefined` for all else. */
function compile(base: GeneralName): Subtree | undefined {
  switch (base.form) {
    case 'uri':
      return compileUri(base.text.toLowerCase());
    case 'dns':
      return compileDns(base.text.toLowerCase());
    case 'email':
      return compileEmail(base.text);
    case 'ip':
      return compileIp(base.bytes);
    case 'directory':
      return compileDirectory(base.bytes);
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
function compileDns(base: string): Subtree | undefined {
  if (!HOST.test(base)) return undefined;
  const suffix = `.${base}`;
  return (host) => host === base || host.endsWith(suffix);
}

/** `a@td` covers that mailbox, `td` every mailbox on that host, `.td` those on hosts below it. */
function compileEmail(base: string): Subtree | undefined {
  if (base.includes('@')) {
    const only = comparableMailbox(base);
    return only === undefined ? undefined : (mailbox) => mailbox === only;
  }
  const host = base.toLowerCase();
  const isBelow = host.startsWith('.');
  if (!HOST.test(isBelow ? host.slice(1) : host)) return undefined;
  const ending = isBelow ? host : `@${host}`;
  return (mailbox) => mailbox.endsWith(ending);
}

/** A directory name covers itself and every name that continues it; the empty one covers all. */
function compileDirectory(base: Uint8Array): Subtree | undefined {
  const start = comparableDistinguishedName(base);
  return start === undefined ? undefined : (name) => name.startsWith(start);
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
