import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SpiffeError } from './spiffe-error.js';

/** What messages are put together from: limits, positions, and words that the call site spells out itself. */
const OWN_WORDS = /^(?:MAX_[A-Z_]+|SCHEME|NAMES\[kind\]|kind|part|claim|form|usage|what|offset|maxCertificates)$/;

test('a message holds nothing of a token, a certificate or a key', () => {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const made = sources.flatMap((name) => {
    const text = readFileSync(`${folder}/${name}`, 'utf8');
    return [...text.matchAll(/new SpiffeError\(([\s\S]*?)\);?\n/g)].map(([, given = '']) => ({ name, given }));
  });
  expect(made.length).toBeGreaterThan(90);
  const foreign = made.flatMap(({ name, given }) => {
    // Text and templates only, but for `{ cause }`: what another library says stays in the cause.
    const spelled = given.replace(/, \{ cause \}$/, '').replace(/'[^']*'|"[^"]*"/g, '');
    const filled = [...spelled.matchAll(/\$\{([^}]*)\}/g)].map(([, inside = '']) => inside);
    const rest = spelled.replace(/`[^`]*`/g, '').replace(/[,)\s]/g, '');
    return [...filled, rest].filter((one) => one !== '' && !OWN_WORDS.test(one)).map((one) => `${name}: ${one}`);
  });
  expect(foreign).toEqual([]);
});

test('an error says its rule', () => {
  const cause = new Error('why');
  const error = new SpiffeError('leaf_is_ca', 'a CA certificate is not an X509-SVID leaf', { cause });
  expect(error).toMatchObject({ name: 'SpiffeError', code: 'leaf_is_ca', rule: 'X-4', cause });
});
