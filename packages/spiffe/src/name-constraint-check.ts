import { latin1Of } from './byte-text.js';
import type { Certificate } from './certificate.js';
import { attributeText, comparableDistinguishedName, readDistinguishedName } from './distinguished-name.js';
import type { GeneralName, GeneralNameForm } from './general-name.js';
import { HOST } from './host-name.js';
import { comparableMailbox } from './mailbox.js';
import type { NameConstraints } from './name-constraints.js';
import { SpiffeError } from './spiffe-error.js';

/** An e-mail address inside a subject counts as a name of that form. */
const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';
const IA5_STRING = 0x16;
/** DER of the type of an `otherName` that holds an internationalized mailbox: e-mail constraints are about it too (RFC 9598 §6). */
const SMTP_UTF8_MAILBOX = latin1Of(Buffer.from('06082b06010505070809', 'hex'));
/** `127.1`, `0x7f.1`: what some parser takes for an IPv4 address ends in a number. */
const ENDS_IN_NUMBER = /(^|\.)(\d+|0x[0-9a-f]*)$/;

/** One name of a certificate, in the form in which constraints are about it. */
export interface ConstrainedName {
  readonly form: GeneralNameForm;
  /** What is compared, worked out once; `undefined` when it cannot be compared with certainty. May throw a SpiffeError. */
  readonly comparable: () => string | undefined;
}

/**
 * Every name of a certificate that name constraints are about (RFC 5280 §4.2.1.10): those of its subjectAltName, its subject
 * unless it is empty, and the e-mail addresses in its subject, also when they stand beside a subjectAltName.
 */
export function constrainedNames(certificate: Certificate): readonly ConstrainedName[] {
  const names: ConstrainedName[] = [];
  for (const name of certificate.extensions.subjectAltNames) {
    names.push({ form: name.form, comparable: once(() => comparable(name)) });
    if (name.form === 'other' && latin1Of(name.bytes).startsWith(SMTP_UTF8_MAILBOX)) {
      names.push({ form: 'email', comparable: () => undefined });
    }
  }
  if (certificate.hasEmptySubject) return names;
  names.push({ form: 'directory', comparable: once(() => comparableDistinguishedName(certificate.subject)) });
  readDistinguishedName(certificate.subject, ({ type, tag, value }) => {
    if (type !== EMAIL_ADDRESS) return;
    // An IA5String, says RFC 5280 §4.1.2.6; in any other type it is a name that is not compared.
    const text = tag === IA5_STRING ? attributeText(tag, value) : undefined;
    const mailbox = text === undefined ? undefined : comparableMailbox(text);
    names.push({ form: 'email', comparable: () => mailbox });
  });
  return names;
}

/**
 * Checks the names of a certificate against the constraints of one CA above it (X-15, RFC 5280 §4.2.1.10). URI, DNS, IP, e-mail
 * and directory names are processed; a constraint on any other form, or one that is not well formed, refuses every certificate
 * that has a name of that form, and so does a name that cannot be compared with certainty.
 * Constraints of several CAs are independent of each other, so a lower CA can only narrow.
 */
export function checkNameConstraints(constraints: NameConstraints, names: readonly ConstrainedName[]): void {
  for (const { form, comparable: value } of names) {
    const ofForm = constraints.get(form);
    if (ofForm === undefined) continue;
    const name = ofForm.processable ? value() : undefined;
    if (name === undefined) {
      throw new SpiffeError('name_constraint_unprocessable', `a ${form} name constraint that cannot be processed`);
    }
    const excluded = ofForm.excluded.some((covers) => covers(name));
    const permitted = ofForm.permitted.length === 0 || ofForm.permitted.some((covers) => covers(name));
    if (excluded || !permitted) {
      throw new SpiffeError('name_constraint_violated', `a ${form} name lies outside of what a CA above may name`);
    }
  }
}

/** Every CA above asks for the same name, and a hostile one is costly to compare. */
function once(work: () => string | undefined): () => string | undefined {
  let result: { readonly value: string | undefined } | undefined;
  return () => {
    result ??= { value: work() };
    return result.value;
  };
}

/** The part of a name that constraints of its form are about. */
function comparable(name: GeneralName): string | undefined {
  switch (name.form) {
    case 'uri':
      return hostOfUri(name.text);
    case 'dns': {
      const host = name.text.toLowerCase();
      // A wildcard is a set of names; whether all or one of them must fit is a question we do not answer.
      return HOST.test(host) ? host : undefined;
    }
    case 'email':
      return comparableMailbox(name.text);
    case 'ip':
      return name.bytes.length === 4 || name.bytes.length === 16 ? latin1Of(name.bytes) : undefined;
    case 'directory':
      return comparableDistinguishedName(name.bytes);
    default:
      return undefined;
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
