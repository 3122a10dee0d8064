import { expect, test } from 'vitest';
import type { DecisionEvent } from '../decision-log/decision-event.js';
import type { GuardOptions } from '../guard-options.js';
import { GET, getRequest, TestedGuard } from '../test-support/tested-guard.js';

const ALICE = 'spiffe://home.example/alice';

type Editable = { [name: string]: Editable };

/** What a sink might do that wants some of it out of its log. */
function redact({ input, reasons }: DecisionEvent): void {
  const { subject, action, resource, context } = input as unknown as Editable;
  const edits = [
    () => delete subject?.['properties']?.['claims'],
    () => delete subject?.['properties'],
    () => ((subject as Editable)['id'] = {}),
    () => delete action?.['properties']?.['method'],
    () => delete context?.['server']?.['trust_domain'],
    () => delete resource?.['properties']?.['name'],
    () => delete resource?.['properties']?.['known'],
    () => delete resource?.['properties']?.['labels']?.['0'],
    () => (reasons as string[]).push('edited'),
  ];
  for (const edit of edits) {
    try {
      edit();
    } catch {
      // it is frozen
    }
  }
}

test.each<[string, Pick<GuardOptions, 'describe'>]>([
  ['described', { describe: async ({ id }) => ({ known: id, labels: [id] }) }],
  ['as the message has it', {}],
])('a sink that writes to what it is told changes no later decision: %s', async (_name, options) => {
  const tell: { sink: (event: DecisionEvent) => void } = { sink: () => undefined };
  const tested = await TestedGuard.start({
    onDecision: (event) => tell.sink(event),
    ...options,
  });
  const reasons = Object.freeze(['test_allow']); // as those of every policy that was loaded
  tested.policy.decide = () => ({ allow: true, reasons, revision: 'one' });
  const token = await tested.tokenOf(ALICE);
  const asked = async (): Promise<string> => {
    tested.policy.asked.length = 0;
    const texts: string[] = [];
    const policy = tested.policy.decide;
    tested.policy.decide = (input) => {
      texts.push(JSON.stringify(input));
      return policy(input);
    };
    const call = tested.admitted(tested.connect(), { token, method: GET });
    for (let message = 0; message < 2; message += 1) {
      expect(await call.judgeRequest(getRequest(['a', 'b'], { name: 'n' }))).toBeUndefined();
    }
    tested.policy.decide = policy;
    return texts.join('\n');
  };
  const before = await asked();
  expect(before).toContain('"name":"n"');
  tell.sink = redact;
  expect(await asked()).toBe(before);
  expect(await asked()).toBe(before);
});
