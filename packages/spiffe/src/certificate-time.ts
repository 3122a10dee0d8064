import { DER_TAG, type DerReader } from './der-reader.js';
import { SpiffeError } from './spiffe-error.js';

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const ZULU = 0x5a;

/**
 * Reads a certificate's Time as milliseconds since the epoch. Only the two forms of RFC 5280 §4.1.2.5 exist: UTCTime with
 * seconds and `Z` for 1950 to 2049, GeneralizedTime with seconds, `Z` and no fraction from 2050 on.
 */
export function readCertificateTime(reader: DerReader): number {
  const tag = reader.peekTag();
  if (tag !== DER_TAG.utcTime && tag !== DER_TAG.generalizedTime) throw invalid();
  const yearDigits = tag === DER_TAG.utcTime ? 2 : 4;
  const bytes = reader.readContent(tag);
  if (bytes.length !== yearDigits + 11 || bytes[yearDigits + 10] !== ZULU) throw invalid();

  const [year, at] =
    yearDigits === 2 ? [shortYear(twoDigits(bytes, 0)), 2] : [twoDigits(bytes, 0) * 100 + twoDigits(bytes, 2), 4];
  if (yearDigits === 4 && year < 2050) throw invalid();
  const month = twoDigits(bytes, at);
  const day = twoDigits(bytes, at + 2);
  const hour = twoDigits(bytes, at + 4);
  const minute = twoDigits(bytes, at + 6);
  const second = twoDigits(bytes, at + 8);
  // Date would repair what does not exist (31 February, 24:00, second 60).
  if (month < 1 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59) throw invalid();
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function shortYear(yy: number): number {
  return yy < 50 ? 2000 + yy : 1900 + yy;
}

/** 0 for a month that does not exist. */
function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - 0x30;
  const ones = (bytes[at + 1] ?? 0) - 0x30;
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw invalid();
  return tens * 10 + ones;
}

function invalid(): SpiffeError {
  return new SpiffeError('certificate_malformed', 'a validity time is not in a form of RFC 5280');
}
