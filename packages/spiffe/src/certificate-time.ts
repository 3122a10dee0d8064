import { DER_TAG, type DerReader } from './der-reader.js';
import { SpiffeError } from './spiffe-error.js';

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/**
 * Reads a certificate's Time as milliseconds since the epoch. Only the two forms of RFC 5280 §4.1.2.5 exist: UTCTime with
 * seconds and `Z` for 1950 to 2049, GeneralizedTime with seconds, `Z` and no fraction from 2050 on.
 */
export function readCertificateTime(reader: DerReader): number {
  const { tag, content } = reader.readAny();
  if (tag !== DER_TAG.utcTime && tag !== DER_TAG.generalizedTime) throw invalid();
  const text = Buffer.from(content.rest()).toString('latin1');
  const match = (tag === DER_TAG.utcTime ? UTC_TIME : GENERALIZED_TIME).exec(text);
  if (match === null) throw invalid();
  const [shortOrFullYear = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const year = tag === DER_TAG.generalizedTime ? shortOrFullYear : shortOrFullYear + (shortOrFullYear < 50 ? 2000 : 1900);
  if (tag === DER_TAG.generalizedTime && year < 2050) throw invalid();
  const instant = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date repairs what does not exist (31 February, 24:00, second 60); such a time is refused.
  const exact =
    instant.getUTCMonth() === month - 1 &&
    instant.getUTCDate() === day &&
    instant.getUTCHours() === hour &&
    instant.getUTCMinutes() === minute &&
    instant.getUTCSeconds() === second;
  if (!exact) throw invalid();
  return instant.getTime();
}

function invalid(): SpiffeError {
  return new SpiffeError('certificate_malformed', 'a validity time is not in a form of RFC 5280');
}
