import { loadPolicy, type Policy } from '@dirgate/policy';
import { describe, expect, test } from 'vitest';
import { decisionInput, deniedEvent as denied, unprovenEvent } from '../test-support/decision-events.js';
import { ALICE, allowedEvent as allowed, candidate, linesOf } from '../test-support/replayed-log.js';
import type { DecisionEvent } from './decision-event.js';
import type { DecisionFormat } from './decision-line.js';
import { type ReplayDifference, type ReplayReport, replayDecisions, type UnjudgedLine } from './replay-decisions.js';

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

async function replay(
  lines: readonly string[],
  policy: Policy,
): Promise<ReplayReport & { differences: ReplayDifference[]; left: UnjudgedLine[] }> {
  const differences: ReplayDifference[] = [];
  const left: UnjudgedLine[] = [];
  const report = await replayDecisions({
    log: each(lines),
    policy,
    onDifference: (difference) => differences.push(difference),
    onUnjudged: (line) => left.push(line),
  });
  return { ...report, differences, left };
}

test('a candidate that answers the same changes nothing', async () => {
  expect(await replay(linesOf([denied, denied]), candidate([]))).toMatchObject({
    judged: 2,
    changed: 0,
    otherReasons: 0,
    differences: [],
  });
  expect(await replay(linesOf([allowed]), candidate([ALICE]))).toMatchObject({ judged: 1, changed: 0, otherReasons: 0 });
});

test('each verdict that changes is told: who, what, before, after', async () => {
  const { differences, ...report } = await replay(linesOf([allowed, denied, allowed]), candidate([ALICE]));
  expect(report).toMatchObject({ judged: 3, changed: 1, otherReasons: 0, others: 0, left: [] });
  expect(differences).toEqual([
    {
      kind: 'verdict',
      file: undefined,
      line: 2,
      decisionId: 'x-1',
      timestamp: '2027-01-15T08:00:00.042Z',
      subject: ALICE,
      method: '/a.B/C',
      phase: 'request',
      resource: 'record cid-1',
      before: { allow: false, reasons: ['role_missing'], revision: 'r1' },
      after: { allow: true, reasons: ['role_reader'], revision: 'candidate' },
    },
  ]);
});

test('the same verdict for other reasons is told apart', async () => {
  const report = await replay(linesOf([{ ...denied, reasons: ['b', 'a'] }]), candidate([]));
  expect(report).toMatchObject({ judged: 1, changed: 0, otherReasons: 1, differences: [{ kind: 'reasons' }] });
  const decide = () => ({ allow: false, reasons: ['a', 'b'], revision: 'candidate' });
  expect(await replay(linesOf([{ ...denied, reasons: ['b', 'a'] }]), candidate([], { decide }))).toMatchObject({
    otherReasons: 0,
  });
});

test('a candidate that fails refuses; a policy that had failed had refused', async () => {
  const decide = (): never => {
    throw new Error('canary');
  };
  const failed: DecisionEvent = { ...denied, code: 'policy_failed', reasons: ['policy_failed'] };
  const { differences, ...report } = await replay(linesOf([allowed, failed]), candidate([], { decide }));
  expect(report).toMatchObject({ judged: 2, changed: 1 });
  expect(differences[0]?.after).toEqual({ allow: false, reasons: ['policy_failed'], revision: 'candidate' });
  expect(await replay(linesOf([failed]), candidate([ALICE]))).toMatchObject({ changed: 1 });
});

describe('what the log does not show is not guessed', () => {
  test.each<[string, DecisionFormat, Partial<Policy>, UnjudgedLine['reason'], string]>([
    ['the input', { mask: ['/input'] }, {}, 'input_erased', '/input'],
    ['an input that was too large', { maxInputBytes: 10 }, {}, 'input_erased', '/input'],
    ['what it reads', { mask: ['/input/subject/id'] }, {}, 'input_masked', '/input/subject/id'],
    ['more than it reads', { mask: ['/input/subject'] }, {}, 'input_masked', '/input/subject/properties/claims'],
    [
      'another value of what it reads',
      { mask: [{ op: 'upsert', path: '/input/subject/id', value: ALICE }] },
      {},
      'input_masked',
      '/input/subject/id',
    ],
    [
      'anything, when nobody knows what it reads',
      {},
      { inputs: undefined, reads: () => true },
      'input_masked',
      '/input/subject/properties/claims',
    ],
    [
      'an element of a list that it reads',
      { mask: ['/input/resource/properties/skills/0'] },
      { reads: (...path) => path.join('/').startsWith('resource/properties/skills') },
      'input_masked',
      '/input/resource/properties/skills',
    ],
    [
      'a member whose name needs an escape',
      { mask: [{ op: 'upsert', path: '/input/resource/properties/a~1b', value: 1 }] },
      { reads: (...path) => path.join('/').startsWith('resource/properties') },
      'input_masked',
      '/input/resource/properties',
    ],
    ['the answer', { mask: ['/result'] }, {}, 'result_masked', '/result'],
    ['the reasons', { mask: ['/result/reasons'] }, {}, 'result_masked', '/result'],
    ['a phase that it does not judge', {}, { phases: ['call'] }, 'phase_not_judged', 'request'],
  ])('%s', async (name, format, changes, reason, detail) => {
    expect(await replay(linesOf([denied]), candidate([ALICE]))).toMatchObject({ judged: 1, changed: 1 });
    const policy = candidate([ALICE], name === 'more than it reads' ? { reads: (...path) => path[0] === 'subject' } : changes);
    const report = await replay(linesOf([denied], format), policy);
    expect(report).toMatchObject({ judged: 0, changed: 0, differences: [], unjudged: { [reason]: 1 } });
    expect(report.left).toEqual([{ file: undefined, line: 1, reason, detail, decisionId: 'x-1' }]);
  });

  test('an input of which a policy that failed was asked', async () => {
    const failed: DecisionEvent = { ...denied, code: 'policy_failed', reasons: ['policy_failed'] };
    expect(await replay(linesOf([failed]), candidate([ALICE]))).toMatchObject({ judged: 1, changed: 1 });
    for (const format of [{ mask: ['/input'] }, { maxInputBytes: 10 }]) {
      const report = await replay(linesOf([failed], format), candidate([ALICE]));
      expect(report).toMatchObject({ judged: 0, others: 0, left: [{ reason: 'input_erased', decisionId: 'x-1' }] });
    }
  });

  test('facts that the recorded policy did not ask for', async () => {
    const undescribed = { ...denied, undescribed: true };
    expect(await replay(linesOf([undescribed]), candidate([ALICE]))).toMatchObject({ judged: 1, changed: 1 });
    const reads = (...path: string[]): boolean => path.join() === 'resource,properties';
    expect(await replay(linesOf([denied]), candidate([ALICE], { reads }))).toMatchObject({ judged: 1, changed: 1 });
    const report = await replay(linesOf([undescribed]), candidate([ALICE], { reads }));
    expect(report).toMatchObject({ judged: 0, left: [{ reason: 'input_undescribed' }] });
  });

  test('but what it does not read may be missing', async () => {
    const format = { mask: ['/input/resource', '/input/action/properties/class', '/input/context/peer_address'] };
    expect(await replay(linesOf([denied], format), candidate([ALICE]))).toMatchObject({ judged: 1, changed: 1, left: [] });
  });
});

test('a phase of which the log has no decision that could be judged is named', async () => {
  const ofPhase = (phase: 'call' | 'request'): DecisionEvent => {
    const { action } = decisionInput;
    return { ...denied, input: { ...decisionInput, action: { ...action, properties: { ...action.properties, phase } } } };
  };
  const lines = linesOf([ofPhase('call'), ofPhase('request')]);
  const both: Policy['phases'] = ['call', 'request'];
  expect(await replay(lines, candidate([], { phases: both }))).toMatchObject({ judged: 2, unseenPhases: [] });
  expect(await replay(lines, candidate([], { phases: [...both, 'response'] }))).toMatchObject({ unseenPhases: ['response'] });
  expect(await replay(lines.slice(1), candidate([], { phases: both }))).toMatchObject({ unseenPhases: ['call'] });
  const masked = linesOf([ofPhase('request')], { mask: ['/input/subject/id'] });
  expect(await replay(masked, candidate([], { phases: both }))).toMatchObject({ judged: 0, unseenPhases: both });
});

test('other lines are no decisions, and are counted', async () => {
  const shadow: DecisionEvent = {
    ...allowed,
    step: 'shadow',
    code: 'shadow_differs',
    input: undefined,
    shadow: { revision: 'x' },
  };
  const unknown: DecisionEvent = { ...denied, code: 'method_unknown', input: undefined };
  expect(await replay(linesOf([unprovenEvent, shadow, unknown]), candidate([]))).toMatchObject({
    judged: 0,
    others: 3,
    left: [],
  });
});

test('a word about a shadow policy is no decision, whatever it looks like', async () => {
  const line = JSON.parse(linesOf([denied])[0] ?? '');
  expect(await replay([JSON.stringify(line)], candidate([ALICE]))).toMatchObject({ judged: 1, others: 0 });
  line.custom.step = 'shadow';
  expect(await replay([JSON.stringify(line)], candidate([ALICE]))).toMatchObject({ judged: 0, others: 1, left: [] });
});

test("a line of OPA's own log for the same policy is judged too", async () => {
  const line = JSON.stringify({
    labels: { id: 'opa', version: '1.22.2' },
    decision_id: 'opa-1',
    path: '/directory/authz/decision',
    input: decisionInput,
    result: { allow: false, reasons: ['role_missing'] },
    timestamp: '2027-01-15T08:00:00.042195Z',
    metrics: { timer_server_handler_ns: 1 },
    req_id: 2,
  });
  expect(await replay([line], candidate([ALICE]))).toMatchObject({
    judged: 1,
    changed: 1,
    differences: [{ decisionId: 'opa-1' }],
  });
});

test.each([
  ['not JSON', '{"a":'],
  ['no object', '7'],
  ['no decision', '{"level":"info"}'],
  ['no input', JSON.stringify({ decision_id: 'a', path: 'directory/authz/decision', result: { allow: true, reasons: [] } })],
  [
    'a list for an input',
    JSON.stringify({ decision_id: 'a', path: 'directory/authz/decision', input: [], result: { allow: true, reasons: [] } }),
  ],
  ['an odd result', JSON.stringify({ decision_id: 'a', path: 'directory/authz/decision', input: {}, result: true })],
  ...['erased', 'masked'].flatMap((member) =>
    [7, [7], [['/input']], {}].map((odd): [string, string] => [
      `${member} ${JSON.stringify(odd)}`,
      JSON.stringify({ ...JSON.parse(linesOf([denied])[0] ?? ''), [member]: odd }),
    ]),
  ),
  ['no answer', JSON.stringify({ decision_id: 'a', path: 'directory/authz/decision', input: {} })],
])('a bad line (%s) is counted with its number, and the others are judged', async (_name, bad) => {
  const report = await replay([...linesOf([denied]), '', bad, ...linesOf([denied])], candidate([ALICE]));
  expect(report).toMatchObject({ judged: 2, changed: 2, unjudged: { bad_line: 1 } });
  expect(report.left).toMatchObject([{ line: 3, reason: 'bad_line' }]);
  expect(report.differences.map(({ line }) => line)).toEqual([1, 4]);
});

test('the shipped bundle judges what it was asked as it did', async () => {
  const policy = (await loadPolicy({ bundle: 'policies/dist/directory.tar.gz', data: 'integration/grants.yaml' })).current();
  const events = ['call', 'request'].map((phase): DecisionEvent => {
    const { action } = decisionInput;
    const input = { ...decisionInput, action: { ...action, properties: { ...action.properties, phase: phase as 'call' } } };
    const { allow, reasons } = policy.decide(input);
    return { ...denied, allow, code: allow ? 'allowed' : 'policy_denied', reasons, input };
  });
  expect(await replay(linesOf(events), policy)).toMatchObject({ judged: 2, changed: 0, otherReasons: 0, left: [] });
});
