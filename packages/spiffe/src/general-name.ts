import { isAscii, latin1Of } from './byte-text.js';
import type { DerReader } from './der-reader.js';
import { SpiffeError } from './spiffe-error.js';

/** The name forms of RFC 5280 §4.2.1.6, in the order of their context tags. */
const FORMS = ['other', 'email', 'dns', 'x400', 'directory', 'edi', 'uri', 'ip', 'registered'] as const;
/** In BER terms these are constructed; the others are primitive. */
const CONSTRUCTED: ReadonlySet<GeneralNameForm> = new Set(['other', 'x400', 'directory', 'edi']);
const IA5: ReadonlySet<GeneralNameForm> = new Set(['email', 'dns', 'uri']);

export type GeneralNameForm = (typeof FORMS)[number];

/** One GeneralName. `text` is set for the IA5 forms (`email`, `dns`, `uri`), `bytes` holds the content octets of all. */
export interface GeneralName {
  readonly form: GeneralNameForm;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Reads one GeneralName. The text of an IA5 form is checked to be ASCII, and not looked at any further. */
export function readGeneralName(reader: DerReader): GeneralName {
  const { tag, content } = reader.readAny();
  const form = (tag & 0xc0) === 0x80 ? FORMS[tag & 0x1f] : undefined;
  if (form === undefined || ((tag & 0x20) !== 0) !== CONSTRUCTED.has(form)) {
    throw new SpiffeError('certificate_malformed', 'a general name of an unknown form');
  }
  const bytes = content.rest();
  if (!IA5.has(form)) return Object.freeze({ form, bytes, text: '' });
  if (!isAscii(bytes)) throw new SpiffeError('certificate_malformed', 'a general name that is not ASCII');
  return Object.freeze({ form, bytes, text: latin1Of(bytes) });
}
