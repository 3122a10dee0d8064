import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { RULE_OF_CODE } from './error-codes.js';
import { RULES, type Rule } from './rules.js';
import { SpiffeError } from './spiffe-error.js';
import type { Attempt, RuleProof } from './test-support/rule-proof.js';
import { BUNDLE_PROOFS } from './test-support/rule-proofs-bundle.js';
import { ID_PROOFS } from './test-support/rule-proofs-id.js';
import { JWT_PROOFS } from './test-support/rule-proofs-jwt.js';
import { TRUST_PROOFS } from './test-support/rule-proofs-trust.js';
import { X509_PROOFS } from './test-support/rule-proofs-x509.js';
import { USAGES } from './test-support/x509-expect.js';

const TABLES = [ID_PROOFS, X509_PROOFS, TRUST_PROOFS, JWT_PROOFS, BUNDLE_PROOFS];

function proofOf({ id }: Rule): RuleProof {
  const proofs = TABLES.map((table) => table[id]).filter((proof) => proof !== undefined);
  return { accepts: proofs.flatMap((proof) => proof.accepts), refuses: proofs.flatMap((proof) => proof.refuses) };
}

function codeOf(attempt: Attempt, usage: 'client' | 'server'): unknown {
  try {
    attempt(usage);
    return 'accepted';
  } catch (error) {
    if (error instanceof SpiffeError) return error.code;
    throw error;
  }
}

describe.each(RULES.filter((rule) => rule.elsewhere === undefined))('$id, $text', (rule) => {
  const { accepts, refuses } = proofOf(rule);

  test('has an accepting and a refusing test, and a code for the refusal', () => {
    expect(accepts.length).toBeGreaterThan(0);
    expect(refuses.length).toBeGreaterThan(0);
    expect(rule.codes).toEqual(expect.arrayContaining(refuses.map(([code]) => code)));
  });

  // Only a peer plays a role; everything else pays no heed to it.
  test.each(USAGES)('a good credential passes, one change refuses it (%s)', (usage) => {
    for (const attempt of accepts) expect(codeOf(attempt, usage)).toBe('accepted');
    for (const [code, attempt] of refuses) expect(codeOf(attempt, usage)).toBe(code);
  });
});

test('what is policed elsewhere is not claimed to be shown here', () => {
  for (const rule of RULES.filter(({ elsewhere }) => elsewhere !== undefined)) {
    const { accepts, refuses } = proofOf(rule);
    expect({ id: rule.id, accepts, refuses, codes: rule.codes }).toEqual({ id: rule.id, accepts: [], refuses: [], codes: [] });
  }
});

test('each rule stands in the table once, in order, with a text of one line and a clause unless it is only ours', () => {
  const ids = RULES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [section, count] of [
    ['ID', 15],
    ['X', 26],
    ['J', 28],
    ['B', 18],
  ] as const) {
    const numbers = ids.filter((id) => id.startsWith(`${section}-`)).map((id) => Number(id.split('-')[1]));
    expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  }
  for (const rule of RULES) {
    expect(rule.text).toMatch(/^[^\n|]{10,110}$/);
    if (rule.clauses === '') expect(rule.level).toBe('OURS');
    else expect(rule.clauses).toMatch(/^(SPIFFE-ID|X509-SVID|JWT-SVID|WIT-SVID|SPIFFE |RFC \d{4} |workloadapi\.proto)/);
  }
});

describe('error codes', () => {
  const codes = Object.entries(RULE_OF_CODE);

  test('each belongs to a rule of the table', () => {
    const ids = new Set<string>(RULES.map(({ id }) => id));
    expect(codes.filter(([, rule]) => !ids.has(rule))).toEqual([]);
  });

  test('each is asserted by a test of this package', () => {
    const folder = fileURLToPath(new URL('.', import.meta.url));
    const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.test\.ts$|rule-proofs/.test(path))
      .map((path) => readFileSync(`${folder}/${path}`, 'utf8'))
      .join('\n');
    expect(codes.filter(([code]) => !tests.includes(`'${code}'`))).toEqual([]);
  });
});
