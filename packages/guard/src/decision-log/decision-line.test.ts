import { describe, expect, test } from 'vitest';
import { decisionInput, deniedEvent, unprovenEvent } from '../test-support/decision-events.js';
import type { DecisionEvent } from './decision-event.js';
import { createDecisionFormatter, type DecisionFormat } from './decision-line.js';

const labels = { id: 'log-1' };
function written(event: DecisionEvent, format: DecisionFormat = {}): Record<string, unknown> {
  const line = createDecisionFormatter({ labels, ...format })(event);
  expect(line).toMatch(/^[\x20-\x7e]+$/);
  return JSON.parse(line) as Record<string, unknown>;
}
const { claims: _, ...withoutClaims } = decisionInput.subject.properties;
const maskedSubject = { ...decisionInput.subject, properties: withoutClaims };

describe('a decision of the policy', () => {
  test("is a line in OPA's format, without the claims", () => {
    expect(written(deniedEvent)).toEqual({
      labels: { id: 'log-1' },
      decision_id: 'x-1',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      span_id: '00f067aa0ba902b7',
      bundles: { directory: { revision: 'r1' } },
      path: 'directory/authz/decision',
      input: { ...decisionInput, subject: maskedSubject },
      result: { allow: false, reasons: ['role_missing'] },
      erased: ['/input/subject/properties/claims'],
      requested_by: '192.0.2.1:7',
      timestamp: '2027-01-15T08:00:00.042Z',
      custom: { step: 'request', allow: false, code: 'policy_denied', credential: 'jwt-svid', generation: 3 },
    });
  });

  test('holds the claims when they are asked for', () => {
    expect(written(deniedEvent, { keepClaims: true })).toMatchObject({ input: decisionInput });
    expect(written(deniedEvent, { keepClaims: true })).not.toHaveProperty('erased');
  });

  test('of a caller without a token has nothing to erase', () => {
    const subject = { ...decisionInput.subject, properties: { ...decisionInput.subject.properties, claims: {} } };
    const line = written({ ...deniedEvent, input: { ...decisionInput, subject } });
    expect(line).toMatchObject({ input: { subject } });
    expect(line).not.toHaveProperty('erased');
  });

  test('that failed has its input and an error, and no result', () => {
    const line = written({ ...deniedEvent, code: 'policy_failed', reasons: ['policy_failed'] });
    expect(line).toMatchObject({
      path: 'directory/authz/decision',
      input: { action: decisionInput.action },
      error: { code: 'policy_failed', message: 'the policy could not be evaluated' },
      custom: { allow: false, code: 'policy_failed', reasons: ['policy_failed'] },
    });
    expect(line).not.toHaveProperty('result');
  });

  test.each([10n, { toJSON: () => 10n }])('with an input that is no JSON is written without it: %#', (odd) => {
    const resource = { ...decisionInput.resource, properties: { name: 'n', odd } };
    for (const mask of [[], ['/input/resource/id']]) {
      const line = written({ ...deniedEvent, input: { ...decisionInput, resource } }, { mask });
      expect(line).toMatchObject({ decision_id: 'x-1', erased: ['/input'], result: { allow: false } });
      expect(line).not.toHaveProperty('input');
    }
  });

  test('names the bundle as it is told, and makes a label of its own', () => {
    const line = JSON.parse(createDecisionFormatter({ bundle: 'ours', labels: { app: 'x' } })(deniedEvent));
    expect(line.bundles).toEqual({ ours: { revision: 'r1' } });
    expect(line.labels).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), app: 'x' });
  });

  test('changes with each of its values, remembered parts or not', () => {
    const format = createDecisionFormatter({ labels });
    const events = [
      deniedEvent,
      { ...deniedEvent, allow: true, code: 'allowed', reasons: [] },
      { ...deniedEvent, reasons: ['a', 'b"'], time: 1_800_000_060_999 },
      { ...deniedEvent, revision: undefined, peerAddress: '[::1]:1', traceId: undefined, generation: undefined },
      { ...deniedEvent, input: { ...decisionInput, resource: { type: 'query', properties: {} } } },
      { ...deniedEvent, input: { ...decisionInput, action: { ...decisionInput.action, name: '/a.B/D' } } },
      { ...deniedEvent, input: { ...decisionInput, context: { server: { trust_domain: 'x' }, time_ms: 5 } } },
    ] as const satisfies readonly DecisionEvent[];
    for (const event of [...events, ...events.toReversed()]) {
      expect(JSON.parse(format(event))).toEqual(JSON.parse(createDecisionFormatter({ labels })(event)));
    }
    expect(new Set(events.map(format)).size).toBe(events.length);
  });
});

describe('a caller whom nothing proved', () => {
  test('has no input and no result, but a rule and an error', () => {
    expect(written(unprovenEvent)).toEqual({
      labels: { id: 'log-1' },
      decision_id: 'x-2',
      error: { code: 'certificate_invalid', message: 'the X.509-SVID was not accepted' },
      requested_by: '192.0.2.1:7',
      timestamp: '2027-01-15T08:00:00.042Z',
      custom: {
        step: 'authentication',
        allow: false,
        code: 'certificate_invalid',
        rule: 'X-17',
        method: '/a.B/C',
        reasons: ['signature_invalid'],
      },
    });
  });
});

describe('what a caller made large or odd', () => {
  const withResource = (resource: DecisionEvent['input'] & object extends { resource: infer R } ? R : never): DecisionEvent => ({
    ...deniedEvent,
    input: { ...decisionInput, resource },
  });

  test.each([
    ['an id', { type: 'record', id: 'x'.repeat(20_000), properties: {} }],
    ['a list', { type: 'record', properties: { skills: Array.from({ length: 5000 }, () => 'abcd') } }],
    ['text that escapes make long', { type: 'record', properties: { name: '\u2028'.repeat(4000) } }],
  ])('%s beyond the bound is left out as a whole, and said to be', (_name, resource) => {
    expect(written(withResource(resource), { maxInputBytes: 300_000 })).not.toHaveProperty('erased', ['/input']);
    const line = written(withResource(resource));
    expect(line).not.toHaveProperty('input');
    expect(line).toMatchObject({
      erased: ['/input'],
      result: { allow: false },
      custom: { method: '/a.B/C', subject: 'spiffe://home.example/agent/a1', resource: { type: 'record', id: 'cid-1' } },
    });
  });

  test('the bound is exact', () => {
    const format = { mask: [], keepClaims: true };
    const size = JSON.stringify(decisionInput).length;
    expect(written(deniedEvent, { ...format, maxInputBytes: size })).toHaveProperty('input', decisionInput);
    expect(written(deniedEvent, { ...format, maxInputBytes: size - 1 })).not.toHaveProperty('input');
  });

  test('is ASCII on the line, and what it was when it is read', () => {
    const odd = 'line\nbreak " \\ \u007f \u2028 \u202e é \ud83d\ude00 \ud800';
    const resource = { type: odd, id: odd, properties: { [odd]: [odd] } };
    expect(written(withResource(resource))).toMatchObject({ input: { resource } });
    expect(written({ ...unprovenEvent, method: odd, reasons: [odd, odd] })).toMatchObject({
      custom: { method: odd, reasons: [odd, odd] },
    });
  });

  test('a name such as __proto__ is a name', () => {
    const resource = { type: 'record', properties: JSON.parse('{"__proto__": {"a": 1}}') };
    const text = createDecisionFormatter({ mask: ['/input/resource/id'] })(withResource(resource));
    expect(text).toContain('"properties":{"__proto__":{"a":1}}');
  });
});

test('an event with no time is refused, and the next one is written', () => {
  const format = createDecisionFormatter({ labels });
  expect(() => format({ ...deniedEvent, time: Number.NaN })).toThrow(RangeError);
  expect(JSON.parse(format(deniedEvent))).toMatchObject({
    timestamp: '2027-01-15T08:00:00.042Z',
    input: { action: decisionInput.action },
  });
});

test('a bound below zero is a mistake', () => {
  expect(() => createDecisionFormatter({ maxInputBytes: -1 })).toThrow(expect.objectContaining({ code: 'config_invalid' }));
});
