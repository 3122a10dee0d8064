import { describe, expect, test } from 'vitest';
import { enforcing, evaluating, judgingMessages, policyWith } from './policy-arms.js';
import { grantsOf, idOf, policyInputs } from './policy-inputs.js';

describe.each([1, 100])('with %d publishers', (publishers) => {
  test('each input is one that its publisher may push, and nobody else', async () => {
    const policy = await policyWith(grantsOf(publishers));
    const inputs = policyInputs(publishers);
    const decide = evaluating(policy, inputs);
    for (let index = 0; index < inputs.length; index++) decide(index);
    const ungranted = evaluating(await policyWith({}), inputs);
    expect(() => ungranted(0)).toThrow('did not');
  });
});

test('inputs differ, and are spread over all publishers', () => {
  const inputs = policyInputs(10_000).map((input) => JSON.stringify(input));
  expect(new Set(inputs).size).toBe(inputs.length);
  expect(inputs.at(-1)).toContain('/publisher/p9843"');
});

test.each([1, 10])('casbin with %d rules allows', async (rules) => {
  const decide = await enforcing(rules);
  expect(() => decide(0)).not.toThrow();
});

test('a message that the guard is given is decided: allowed with the grant, and not without', async () => {
  const caller = idOf(0);
  const decide = await judgingMessages(await policyWith(grantsOf(1)), caller);
  expect(() => decide(0)).not.toThrow();
  await expect(judgingMessages(await policyWith({}), caller)).rejects.toThrow('refused the call');
});
