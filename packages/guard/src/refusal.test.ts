import { describe, expect, test } from 'vitest';
import { createRefusal, Failure, type FailureCode } from './refusal.js';

/** What goes to the wire, written down a second time: a change of the table must be meant. */
const statusOf: Readonly<Record<FailureCode, number>> = {
  no_credential: 16,
  certificate_missing: 16,
  certificate_invalid: 16,
  session_resumed: 16,
  token_missing: 16,
  token_malformed: 16,
  token_invalid: 16,
  identity_expired: 16,
  trust_withdrawn: 16,
  server_identity_missing: 16,
  method_unknown: 7,
  policy_denied: 7,
  message_unreadable: 7,
  too_many_resources: 7,
  policy_missing: 14,
  describe_failed: 14,
  policy_failed: 13,
  call_ended: 13,
  guard_failed: 13,
};

describe.each(Object.entries(statusOf))('%s', (code, status) => {
  const refusal = createRefusal(code as FailureCode, 'abc-1');

  test(`has status ${status}`, () => {
    expect(refusal).toMatchObject({ code, status, decisionId: 'abc-1' });
  });

  test('has a text of printable ASCII with the decision id', () => {
    expect(refusal.details).toMatch(/^[ -~]+ \(decision abc-1\)$/);
    expect(encodeURI(refusal.details)).toBe(refusal.details.replaceAll(' ', '%20')); // what grpc-js puts on the wire
  });
});

test('a failure without further reasons gives its code as the reason', () => {
  expect(new Failure('policy_missing').reasons).toEqual(['policy_missing']);
  expect(new Failure('policy_denied', ['a', 'b'], 'X-1')).toMatchObject({ reasons: ['a', 'b'], rule: 'X-1' });
});
