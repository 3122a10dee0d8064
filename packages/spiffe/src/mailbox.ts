import { HOST } from './host-name.js';

/** The dot-atoms of RFC 5321 §4.1.2; a quoted local part could hide an `@`, and is left to no one's judgement. */
const LOCAL_PART = /^[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;

/**
 * A mailbox in the form in which two are compared: the local part as it is, the host in lower case (RFC 5280 §7.5).
 * `undefined` for what is no plain `local@host`: quoted local parts, address literals, anything with a second `@`.
 */
export function comparableMailbox(text: string): string | undefined {
  const at = text.indexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const host = text.slice(at + 1).toLowerCase();
  return LOCAL_PART.test(local) && HOST.test(host) ? `${local}@${host}` : undefined;
}
