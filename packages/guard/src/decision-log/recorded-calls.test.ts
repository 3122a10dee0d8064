import { afterEach, beforeEach, expect, test } from 'vitest';
import { GET, getRequest, PING, TestedGuard } from '../test-support/tested-guard.js';
import { createDecisionFormatter } from './decision-line.js';

const ALICE = 'spiffe://home.example/alice';
const traceparent = ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'];
const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
let tested: TestedGuard;
beforeEach(async () => {
  tested = await TestedGuard.start();
});
afterEach(() => tested.guard.close());

const linesOf = (): { readonly input?: unknown }[] => tested.events.map((event) => JSON.parse(createDecisionFormatter()(event)));

test('a line holds exactly what the policy was asked, decision for decision', async () => {
  const call = tested.admitted(tested.connect(ALICE), { method: GET });
  await call.judgeRequest(getRequest(['a', 'b'], { name: 'n' }));
  expect(tested.policy.asked.map(({ resource }) => resource.id)).toEqual(['test.v1.Things', 'a', 'b']);
  expect(linesOf().map(({ input }) => input)).toEqual(tested.policy.asked);
});

test('a refusal holds it too; what ends a live call was asked as phase call', () => {
  const call = tested.admitted(tested.connect(ALICE), { method: PING });
  call.watch(() => undefined);
  tested.policy.decide = () => ({ allow: false, reasons: ['no'], revision: 'two' });
  tested.policy.replace('two');
  call.check(tested.now);
  expect(tested.events.at(-1)).toMatchObject({ step: 'revocation', code: 'policy_denied', revision: 'two' });
  expect(linesOf().at(-1)).toMatchObject({
    input: tested.policy.asked.at(-1),
    result: { allow: false, reasons: ['no'] },
    custom: { step: 'revocation' },
  });
});

test('a token leaves no claim and no text of it in a line, and the line says so', async () => {
  const token = await tested.tokenOf(ALICE);
  tested.admitted(tested.connect(), { token });
  const claims = tested.policy.asked[0]?.subject.properties.claims;
  expect(claims).toMatchObject({ sub: ALICE });
  const line = JSON.stringify(linesOf());
  expect(line).toContain('"erased":["/input/subject/properties/claims"]');
  for (const part of [`${claims?.['exp']}`, ...token.split('.')]) expect(line).not.toContain(part);
});

test.each([
  ['reads facts', true, false],
  ['reads no facts', false, true],
])('a policy that %s about resources which the service knows more of', async (_name, reads, undescribed) => {
  tested.guard.close();
  tested = await TestedGuard.start({ describe: () => ({ name: 'of the service' }) });
  tested.policy.reads = reads;
  const call = tested.admitted(tested.connect(ALICE), { method: GET });
  await call.judgeRequest(getRequest(['a']));
  expect(tested.policy.asked.at(-1)?.resource.properties).toEqual(reads ? { name: 'of the service' } : {});
  expect(tested.events.map((event) => event.undescribed)).toEqual([false, undescribed]);
  expect(JSON.stringify(linesOf().at(-1)).includes('"undescribed":true')).toBe(undescribed);
});

test('the trace is that of the call, in what is refused too', () => {
  const connection = tested.connect(ALICE);
  tested.guard.admit({ connection, method: PING, authorization: [], traceparent });
  tested.guard.admit({ connection, method: '/test.v1.Things/Unknown', authorization: [], traceparent });
  tested.guard.admit({ connection: tested.connect(), method: PING, authorization: [], traceparent });
  tested.guard.admit({ connection, method: PING, authorization: [], traceparent: ['canary'] });
  expect(tested.events.map(({ code }) => code)).toEqual(['allowed', 'method_unknown', 'no_credential', 'allowed']);
  expect(tested.events.slice(0, 3)).toMatchObject([trace, trace, trace]);
  expect(tested.events[3]?.traceId).toBeUndefined();
});

test('the generation is that of the bundle which proved the caller', async () => {
  const connection = tested.connect(ALICE);
  tested.admit(connection);
  tested.admit(connection);
  tested.admit(tested.connect('spiffe://partner.example/bob'));
  tested.admit(tested.connect(), { token: await tested.tokenOf(ALICE) });
  tested.admit(tested.connect('spiffe://stranger.example/eve'));
  expect(tested.events.map(({ generation }) => generation)).toEqual([1, 1, 2, 3, undefined]);
  expect(tested.events.at(-1)?.code).toBe('certificate_invalid');
});
