import { describe, expect, test } from 'vitest';
import { readJwtHeader } from './jwt-header.js';
import { expectCode } from './test-support/x509-expect.js';

const encode = (header: unknown): string => Buffer.from(JSON.stringify(header)).toString('base64url');

describe('a header that was read before', () => {
  test('is the same object again', () => {
    const text = encode({ alg: 'ES256', kid: 'same', typ: 'JWT' });
    const first = readJwtHeader(text);
    expect(first).toMatchObject({ algorithm: { name: 'ES256' }, kid: 'same' });
    expect(Object.isFrozen(first)).toBe(true);
    expect(readJwtHeader(`${text}.`.slice(0, -1))).toBe(first);
  });

  test('says nothing about one that differs in a letter', () => {
    expect(readJwtHeader(encode({ alg: 'RS256', kid: 'one-a' })).kid).toBe('one-a');
    expect(readJwtHeader(encode({ alg: 'RS256', kid: 'one-b' })).kid).toBe('one-b');
    expect(readJwtHeader(encode({ alg: 'PS256', kid: 'one-a' })).algorithm.name).toBe('PS256');
    expectCode(() => readJwtHeader(encode({ alg: 'RS256', kid: 'one-a', b64: false })), 'jwt_header_member');
  });

  test('is refused again when it was refused', () => {
    const text = encode({ alg: 'none', kid: 'refused' });
    expectCode(() => readJwtHeader(text), 'jwt_algorithm');
    expectCode(() => readJwtHeader(text), 'jwt_algorithm');
  });

  test('is forgotten after many others, and reads the same', () => {
    const text = encode({ alg: 'ES384', kid: 'forgotten' });
    const first = readJwtHeader(text);
    for (let index = 0; index < 64; index++) readJwtHeader(encode({ alg: 'ES384', kid: `other-${index}` }));
    const again = readJwtHeader(text);
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });

  test('is not remembered when it is long', () => {
    const text = encode({ alg: 'ES512', kid: 'k'.repeat(300) });
    expect(readJwtHeader(text)).not.toBe(readJwtHeader(text));
    expect(readJwtHeader(text)).toEqual(readJwtHeader(text));
  });
});
