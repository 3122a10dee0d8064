import { describe, expect, test } from 'vitest';
import { decisionInput, deniedEvent, unprovenEvent } from '../test-support/decision-events.js';
import type { DecisionEvent } from './decision-event.js';
import { createDecisionFormatter } from './decision-line.js';
import type { MaskRule } from './decision-mask.js';

const CLAIMS = '/input/subject/properties/claims';
interface Line {
  readonly input?: Record<string, unknown>;
  readonly result?: unknown;
  readonly erased?: readonly string[];
  readonly masked?: readonly string[];
  readonly requested_by?: string;
  readonly custom: unknown;
}
const masked = (mask: readonly MaskRule[], event = deniedEvent): Line => JSON.parse(createDecisionFormatter({ mask })(event));

describe('a field that is removed', () => {
  test.each([
    ['/input/resource/properties/name', 'acme/thing'],
    ['/input/resource/id', 'cid-1'],
    ['/input/resource/properties/skills/1', '"b"'],
    ['/input/resource', 'acme/thing'],
    ['/input/action/properties/class', 'write'],
    ['/input/context/time_ms', '1800000000001'],
    ['/input/context/server', '"server"'],
    ['/result/reasons', 'role_missing'],
    ['/result', '"result"'],
  ])('%s', (pointer, text) => {
    const control = createDecisionFormatter()(deniedEvent);
    expect(control).toContain(text);
    const line = createDecisionFormatter({ mask: [pointer] })(deniedEvent);
    expect(line).not.toContain(text);
    expect(JSON.parse(line).erased).toEqual([CLAIMS, pointer]);
    expect(JSON.parse(line)).not.toHaveProperty('masked');
  });

  test('leaves the others, and the event, as they are', () => {
    const line = masked(['/input/resource/properties/skills/0', '/input/subject/properties/path']);
    expect(line.input).toMatchObject({
      action: decisionInput.action,
      resource: { ...decisionInput.resource, properties: { name: 'acme/thing', skills: ['b'] } },
      context: decisionInput.context,
    });
    expect(decisionInput.resource.properties.skills).toEqual(['a', 'b']);
    expect(decisionInput.subject.properties.path).toEqual(['agent', 'a1']);
  });

  test('as a whole takes what names the same things elsewhere with it', () => {
    const line = masked(['/input']);
    expect(line).not.toHaveProperty('input');
    expect(line).not.toHaveProperty('requested_by');
    expect(line.erased).toEqual(['/input']);
    expect(line.custom).toEqual({ step: 'request', allow: false, code: 'policy_denied', generation: 3, resource: {} });
    expect(line.result).toEqual({ allow: false, reasons: ['role_missing'] });
  });

  test('that is not there is not said to be', () => {
    for (const pointer of ['/input/resource/properties/version', '/input/action/name/x', '/input/resource/properties/skills/7'])
      expect(masked([pointer]).erased).toEqual([CLAIMS]);
  });
});

test.each([
  ['/input/subject/id', unprovenEvent, { subject: undefined }],
  ['/input/subject', unprovenEvent, { subject: undefined, credential: undefined }],
  ['/input/action/name', unprovenEvent, { method: undefined }],
  ['/input/resource/id', unprovenEvent, { resource: { type: 'record' } }],
  ['/result/reasons', unprovenEvent, { reasons: undefined }],
  ['/result/reasons/0', unprovenEvent, { reasons: undefined }],
])('%s is hidden in a line that has no input either', (pointer, event, changes) => {
  const known = {
    ...event,
    subject: 'spiffe://a/b',
    credential: 'x509-svid',
    resource: { type: 'record', id: 'cid-1' },
  } as const;
  const { custom } = masked([], known);
  expect(custom).toMatchObject({ subject: 'spiffe://a/b', method: '/a.B/C', resource: { id: 'cid-1' } });
  expect(masked([pointer], known).custom).toEqual(JSON.parse(JSON.stringify({ ...(custom as object), ...changes })));
});

test('the address is hidden in both of its places', () => {
  const text = createDecisionFormatter({ mask: ['/input/context/peer_address'] })(deniedEvent);
  expect(text).not.toContain('192.0.2.1');
});

describe('a field that is replaced', () => {
  test('has the new value, and is said to', () => {
    const line = masked([
      { op: 'upsert', path: '/input/resource/properties/name', value: '***' },
      { op: 'upsert', path: '/input/resource/properties/new~1one/deep', value: [1] },
      { op: 'upsert', path: '/input/resource/properties/skills/0', value: 'x' },
      { op: 'upsert', path: '/result/reasons', value: [] },
      { op: 'remove', path: '/input/resource/id' },
    ]);
    expect(line.input?.['resource']).toEqual({
      type: 'record',
      properties: { name: '***', 'new/one': { deep: [1] }, skills: ['x', 'b'] },
    });
    expect(line.result).toEqual({ allow: false, reasons: [] });
    expect(line.erased).toEqual([CLAIMS, '/input/resource/id']);
    expect(line.masked).toEqual([
      '/input/resource/properties/name',
      '/input/resource/properties/new~1one/deep',
      '/input/resource/properties/skills/0',
      '/result/reasons',
    ]);
  });

  test('is not, where nothing can stand', () => {
    const line = masked([
      { op: 'upsert', path: '/input/resource/properties/skills/2', value: 'x' },
      { op: 'upsert', path: '/input/resource/properties/skills/length', value: 0 },
      { op: 'upsert', path: '/input/resource/id/x', value: 'x' },
    ]);
    expect(line.input?.['resource']).toEqual(decisionInput.resource);
    expect(line).not.toHaveProperty('masked');
  });

  test('named __proto__ changes no object of ours', () => {
    const path = '/input/resource/properties/__proto__/polluted';
    const text = createDecisionFormatter({ mask: [{ op: 'upsert', path, value: 'yes' }] })(deniedEvent);
    expect(text).toContain('"__proto__":{"polluted":"yes"}');
    expect({}).not.toHaveProperty('polluted');
  });
});

test.each(['/result', '/result/reasons', '/result/reasons/0'])('%s hides the reasons of a shadow policy too', (pointer) => {
  const { input: _, ...facts } = deniedEvent;
  const event: DecisionEvent = {
    ...facts,
    step: 'shadow',
    code: 'shadow_differs',
    shadow: { revision: 'candidate', allow: true, reasons: ['of_the_shadow'] },
  };
  const control = createDecisionFormatter()(event);
  for (const reason of ['of_the_shadow', 'role_missing']) {
    expect(control).toContain(reason);
    expect(createDecisionFormatter({ mask: [pointer] })(event)).not.toContain(reason);
  }
});

test.each<[string, unknown]>([
  ['no pointer', 'input/resource'],
  ['no text', 7],
  ['a bad escape', '/input/resource/a~2'],
  ['another part of the line', '/labels/id'],
  ['a part that the input does not have', '/input/other'],
  ['a misspelt member', '/input/subject/propertes/claims'],
  ['a misspelt claims', '/input/subject/properties/claim'],
  ['a member of another part', '/input/action/id'],
  ['a member of the server that none has', '/input/context/server/path'],
  ['a member of every object', '/input/toString'],
  ['a member that results do not have', '/result/reason'],
  ['an unknown operation', { op: 'replace', path: '/input/resource/id' }],
  ['a replacement of everything', { op: 'upsert', path: '/input', value: {} }],
  ['a replacement that is no JSON', { op: 'upsert', path: '/input/resource/id', value: undefined }],
])('%s is a mistake that is told at once', (_name, rule) => {
  expect(() => createDecisionFormatter({ mask: [rule as MaskRule] })).toThrow(
    expect.objectContaining({ name: 'GuardError', code: 'config_invalid', message: expect.stringContaining('mask: ') }),
  );
});

test('every member of an input can be masked', () => {
  const pointers: string[] = ['/input', '/result/allow', '/result/reasons'];
  const visit = (value: object, pointer: string): void => {
    for (const [name, member] of Object.entries(value)) {
      pointers.push(`${pointer}/${name}`);
      if (typeof member === 'object' && member !== null) visit(member, `${pointer}/${name}`);
    }
  };
  const peer = { id: 'spiffe://a/b', trust_domain: 'a', path: ['b'], federated: true };
  const { subject } = decisionInput;
  visit({ ...decisionInput, subject: { ...subject, properties: { ...subject.properties, peer } } }, '/input');
  expect(pointers).toContain('/input/subject/properties/peer/federated');
  for (const pointer of pointers) expect(() => createDecisionFormatter({ mask: [pointer] })).not.toThrow();
});
