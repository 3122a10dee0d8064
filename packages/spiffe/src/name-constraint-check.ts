import { latin1Of } from './byte-text.js';
import type { Certificate } from './certificate.js';
import type { GeneralName, GeneralNameForm } from './general-name.js';
import { HOST, type NameConstraints } from './name-constraints.js';
import { SpiffeError } from './spiffe-error.js';

/** DER of 1.2.840.113549.1.9.1: an e-mail address inside a subject counts as a name of that form. */
const EMAIL_ADDRESS_OID = Buffer.from('06092a864886f70d010901', 'hex');
/** `127.1`, `0x7f.1`: what some parser takes for an IPv4 address ends in a number. */
const ENDS_IN_NUMBER = /(^|\.)(\d+|0x[0-9a-f]*)$/;

/**
 * Checks every name of `below` against the constraints of one CA above it (X-15, RFC 5280 §4.2.1.10). URI, DNS and IP
 * names are processed; a constraint on any other form refuses every certificate that has a name of that form.
 * Constraints of several CAs are independent of each other, so a lower CA can only narrow.
 */
export function checkNameConstraints(constraints: NameConstraints, below: Certificate): void {
  if (constraints.has('directory') && !below.hasEmptySubject) throw unprocessable('directory');
  if (constraints.has('email') && Buffer.from(below.subject).includes(EMAIL_ADDRESS_OID)) throw unprocessable('email');

  for (const name of below.extensions.subjectAltNames) {
    const ofForm = constraints.get(name.form);
    if (ofForm === undefined) continue;
    if (!ofForm.processable) throw unprocessable(name.form);
    const value = comparable(name);
    const excluded = ofForm.excluded.some((covers) => covers(value));
    const permitted = ofForm.permitted.length === 0 || ofForm.permitted.some((covers) => covers(value));
    if (excluded || !permitted) {
      throw new SpiffeError('name_constraint_violated', `a ${name.form} name lies outside of what a CA above may name`);
    }
  }
}

/** The part of a name that constraints of its form are about. */
function comparable(name: GeneralName): string {
  switch (name.form) {
    case 'uri':
      return hostOfUri(name.text);
    case 'dns': {
      const host = name.text.toLowerCase();
      // A wildcard is a set of names; whether all or one of them must fit is a question we do not answer.
      if (!HOST.test(host)) throw unprocessable('dns');
      return host;
    }
    case 'ip':
      if (name.bytes.length !== 4 && name.bytes.length !== 16) throw unprocessable('ip');
      return latin1Of(name.bytes);
    default:
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

function unprocessable(form: GeneralNameForm): SpiffeError {
  return new SpiffeError('name_constraint_unprocessable', `a ${form} name constraint that cannot be processed`);
}
