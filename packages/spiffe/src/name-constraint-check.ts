import type { Certificate } from './certificate.js';
import type { GeneralName, GeneralNameForm } from './general-name.js';
import type { NameConstraints } from './name-constraints.js';
import { SpiffeError } from './spiffe-error.js';

/** DER of 1.2.840.113549.1.9.1: an e-mail address inside a subject counts as a name of that form. */
const EMAIL_ADDRESS_OID = Buffer.from('06092a864886f70d010901', 'hex');
const HOST = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
/** `127.1`, `0x7f.1`: what some parser takes for an IPv4 address ends in a number. */
const ENDS_IN_NUMBER = /(^|\.)(\d+|0x[0-9a-f]*)$/;

/**
 * Checks every name of `below` against the constraints of one CA above it (X-15, RFC 5280 §4.2.1.10). URI, DNS and IP
 * names are processed; a constraint on any other form refuses every certificate that has a name of that form.
 * Constraints of several CAs are independent of each other, so a lower CA can only narrow.
 */
export function checkNameConstraints(constraints: NameConstraints, below: Certificate): void {
  const constrained = new Set<GeneralNameForm>();
  for (const { form } of constraints.permitted) constrained.add(form);
  for (const { form } of constraints.excluded) constrained.add(form);

  if (constrained.has('directory') && !below.hasEmptySubject) throw unprocessable('directory');
  if (constrained.has('email') && Buffer.from(below.subject).includes(EMAIL_ADDRESS_OID)) throw unprocessable('email');

  for (const name of below.extensions.subjectAltNames) {
    if (!constrained.has(name.form)) continue;
    const matches = matcherOf(name);
    if (constraints.excluded.some((base) => base.form === name.form && matches(base))) throw violated(name.form);
    const permitted = constraints.permitted.filter((base) => base.form === name.form);
    // All of them are looked at, so that one which cannot be processed refuses whatever stands before it.
    const hits = permitted.filter(matches);
    if (permitted.length > 0 && hits.length === 0) throw violated(name.form);
  }
}

/** A function that tells whether a constraint of the same form covers `name`, or throws when it cannot tell. */
function matcherOf(name: GeneralName): (base: GeneralName) => boolean {
  switch (name.form) {
    case 'uri': {
      const host = hostOfUri(name.text);
      return (base) => hostMatches(host, base.text.toLowerCase());
    }
    case 'dns': {
      const host = name.text.toLowerCase();
      // A wildcard is a set of names; whether all or one of them must fit is a question we do not answer.
      if (!HOST.test(host)) throw unprocessable('dns');
      return (base) => dnsMatches(host, base.text.toLowerCase());
    }
    case 'ip':
      return (base) => ipMatches(name.bytes, base.bytes);
    case 'other':
    case 'email':
    case 'x400':
    case 'directory':
    case 'edi':
    case 'registered':
      throw unprocessable(name.form);
  }
}

/** The host of a URI, lower case. One without an authority, or with an IP address for a host, is refused by the RFC. */
function hostOfUri(uri: string): string {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1] ?? '';
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d*$/, '')
    .toLowerCase();
  if (!HOST.test(host) || ENDS_IN_NUMBER.test(host)) {
    throw new SpiffeError('name_constraint_violated', 'a URI under a URI constraint needs a host that is a name');
  }
  return host;
}

/** `.td` covers every name below `td` but not `td` itself; `td` covers exactly `td`. */
function hostMatches(host: string, base: string): boolean {
  const subtreeOnly = base.startsWith('.');
  if (!HOST.test(subtreeOnly ? base.slice(1) : base)) throw unprocessable('uri');
  return subtreeOnly ? host.length > base.length && host.endsWith(base) : host === base;
}

/** `a.example` covers itself and every name made by adding labels on its left. */
function dnsMatches(host: string, base: string): boolean {
  if (!HOST.test(base)) throw unprocessable('dns');
  return host === base || host.endsWith(`.${base}`);
}

/** An IP constraint is an address followed by a mask of the same length. */
function ipMatches(address: Uint8Array, base: Uint8Array): boolean {
  if (address.length !== 4 && address.length !== 16) throw unprocessable('ip');
  if (base.length !== 8 && base.length !== 32) throw unprocessable('ip');
  const length = base.length / 2;
  const network = base.subarray(0, length);
  const mask = base.subarray(length);
  if (!isContiguous(mask)) throw unprocessable('ip');
  return address.length === length && address.every((byte, i) => ((byte ^ (network[i] ?? 0)) & (mask[i] ?? 0xff)) === 0);
}

/** Ones, then zeroes. */
function isContiguous(mask: Uint8Array): boolean {
  return /^1*0*$/.test(Array.from(mask, (byte) => byte.toString(2).padStart(8, '0')).join(''));
}

function violated(form: GeneralNameForm): SpiffeError {
  return new SpiffeError('name_constraint_violated', `a ${form} name lies outside of what a CA above may name`);
}

function unprocessable(form: GeneralNameForm): SpiffeError {
  return new SpiffeError('name_constraint_unprocessable', `a ${form} name constraint that cannot be processed`);
}
