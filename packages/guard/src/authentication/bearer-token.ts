import { Failure } from '../refusal.js';

/**
 * The token of an `authorization` header (J-22): one value, scheme `Bearer` in any case, one space, one token.
 * `undefined` when there is no header. The token itself is not looked at.
 *
 * @throws {Failure} `token_malformed`
 */
export function readBearerToken(values: readonly string[]): string | undefined {
  const [value] = values;
  if (value === undefined) {
    return undefined;
  }
  if (values.length > 1) {
    throw new Failure('token_malformed', ['authorization_repeated']);
  }
  const token = /^bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(value)?.[1];
  if (token === undefined) {
    throw new Failure('token_malformed', ['authorization_scheme'], 'J-22');
  }
  return token;
}
