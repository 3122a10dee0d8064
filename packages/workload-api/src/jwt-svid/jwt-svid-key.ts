import type { JwtSvidWish } from './fetch-jwt-svid.js';

/**
 * The canonical text of a question: the same for the same subject, set of audiences and hint, and for no others. Each value has its
 * length in front, so that none can pass for another or for two; what is missing is `-`. (`JSON.stringify` takes twice as long.)
 */
export function jwtSvidKey({ subject, wish, audience }: JwtSvidWish): string {
  let key = subject === undefined ? '-' : withLength(subject.toString());
  key += wish === undefined ? '-' : `${wish.orFirst ? '?' : '!'}${withLength(wish.hint)}`;
  for (const value of audience) key += withLength(value);
  return key;
}

function withLength(text: string): string {
  return `${text.length}:${text}`;
}
