import { describe, expect, test } from 'vitest';
import { enforcing, evaluating, evaluatingOne, judgingMessages, policyWith, refusing } from './policy-arms.js';
import { grantsOf, hostileInput, idOf, policyInputs } from './policy-inputs.js';

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

test('of hostile inputs one is refused, and the other just not', async () => {
  const policy = await policyWith(grantsOf(1));
  const [large, most] = [hostileInput(1_000_000), hostileInput(256 * 1024)];
  expect(JSON.stringify(large).length).toBeGreaterThan(999_000);
  expect(JSON.stringify(most).length).toBeGreaterThan(262_000);
  expect(refusing(policy, large)).not.toThrow();
  expect(evaluatingOne(policy, most)).not.toThrow();
  expect(refusing(policy, most)).toThrow('decided about');
  expect(evaluatingOne(policy, large)).toThrow('larger');
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
  // More than one turn of the event loop holds: the guard makes the others wait.
  const evaluated = await judgingMessages({ ...(await policyWith(grantsOf(1))), inputs: undefined }, caller);
  const waited = Array.from({ length: 1_000 }, (_, index) => evaluated(index)).filter((later) => later !== undefined);
  expect(waited.length).toBeGreaterThan(0);
  await Promise.all(waited);
});
