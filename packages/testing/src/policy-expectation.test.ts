import { AssertionError } from 'node:assert';
import { PolicyError } from '@dirgate/policy';
import { describe, expect, it } from 'vitest';
import { expectDecision } from './policy-expectation.js';
import { expectDecisions } from './policy-table.js';

const input = {
  subject: { id: 'spiffe://a.example/x' },
  action: { name: '/pkg.Service/Pull', properties: { phase: 'request' } },
  resource: { type: 'record', properties: { name: 'a.example/r' } },
};
const answering = (allow: boolean, ...reasons: string[]) => ({ decide: () => ({ allow, reasons, revision: '1' }) });
const allows = answering(true, 'role_reader', 'role_admin');
const denies = answering(false, 'no_grant');
const broken = {
  decide: () => {
    throw new PolicyError('evaluation_failed', 'the policy could not be evaluated');
  },
};

function failureOf(run: () => void): AssertionError {
  try {
    run();
  } catch (error) {
    if (error instanceof AssertionError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('expectDecision', () => {
  it('is content with the verdict, and with the reasons in any order', () => {
    expectDecision(allows, input).toAllow();
    expectDecision(allows, input).toAllow({ reasons: ['role_reader', 'role_admin'] });
    expectDecision(allows, input).toBe({ allow: true, reasons: ['role_admin', 'role_reader'] });
    expectDecision(denies, input).toDeny();
    expectDecision(denies, input).toDeny({ reasons: ['no_grant'] });
  });

  it.each<[string, () => void]>([
    ['a denial instead', () => expectDecision(denies, input).toAllow()],
    ['an allowance instead', () => expectDecision(allows, input).toDeny()],
    ['another reason', () => expectDecision(denies, input).toDeny({ reasons: ['role_lacks_class'] })],
    ['a reason too many', () => expectDecision(allows, input).toAllow({ reasons: ['role_reader'] })],
    ['a reason too few', () => expectDecision(denies, input).toDeny({ reasons: ['no_grant', 'unknown_phase'] })],
    ['reasons where none are expected', () => expectDecision(denies, input).toDeny({ reasons: [] })],
    ['a fault instead of a denial', () => expectDecision(broken, input).toDeny()],
    ['a fault instead of an allowance', () => expectDecision(broken, input).toAllow()],
  ])('fails for %s', (_, run) => expect(failureOf(run).message).toContain('spiffe://a.example/x Service/Pull'));

  it('says who asked for what, and shows both decisions', () => {
    const error = failureOf(() => expectDecision(denies, input).toAllow({ reasons: ['role_reader'] }));
    expect(error.message).toBe(
      'spiffe://a.example/x Service/Pull record a.example/r in phase request: the policy denied (no_grant), but was expected to have allowed (role_reader)',
    );
    expect(error.actual).toEqual({ allow: false, reasons: ['no_grant'] });
    expect(error.expected).toEqual({ allow: true, reasons: ['role_reader'] });
  });

  it('names a fault by its code', () => {
    expect(failureOf(() => expectDecision(broken, input).toDeny()).message).toContain('evaluation_failed');
  });

  it('passes on what is no fault of the policy, and says what it can of an odd input', () => {
    const odd = {
      decide: () => {
        throw new RangeError('mine');
      },
    };
    expect(() => expectDecision(odd, input).toDeny()).toThrow(RangeError);
    expect(failureOf(() => expectDecision(denies, {}).toAllow()).message).toContain('nobody a method without a name');
  });
});

describe('expectDecisions', () => {
  const catalogue = new Map([['/pkg.Service/Pull', { class: 'read' }]]);
  const row = { subject: 'spiffe://a.example/x', method: '/pkg.Service/Pull' };
  const byId = {
    decide: (asked: object) => answering((asked as typeof input).subject.id.endsWith('/x'), 'by_id').decide(),
  };
  const good = { note: 'x', ...row, allow: true, reasons: ['by_id'] };
  const bad = { note: 'y', ...row, subject: 'spiffe://a.example/y', allow: false };

  it('asks every row', () => expectDecisions(byId, catalogue, [good, bad]));

  it('lists every row that is answered otherwise', () => {
    const error = failureOf(() =>
      expectDecisions(byId, catalogue, [good, bad, { ...good, note: 'z', reasons: [] }, { ...bad, note: 'w', allow: true }]),
    );
    expect(error.message).toMatch(/^2 of 4 rows are not as the table says:\n- z: .*\n- w: [^\n]*$/);
  });

  it.each([
    ['no row', [], /no row allows[\s\S]*no row denies/],
    ['no row that denies', [good], /no row denies/],
    ['no row that allows', [bad], /no row allows/],
    ['a note twice', [good, bad, bad], /two rows are called "y"/],
    [
      'a method that is not in the catalogue',
      [good, { ...bad, method: '/pkg.Service/Pul' }],
      /y: \/pkg\.Service\/Pul is not in the catalogue/,
    ],
    ['a subject that is no SPIFFE ID', [good, { ...bad, subject: 'a.example/y' }], /y: .*spiffe:\/\//],
  ])('refuses a table with %s', (_, rows, message) => {
    expect(failureOf(() => expectDecisions(byId, catalogue, rows)).message).toMatch(message);
  });
});
