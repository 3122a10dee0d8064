import { expect, test } from 'vitest';
import { tailArm } from './policy-tail.js';

/** Honest decisions take 0.1 ms each, every hundredth of them 0.2, and hostile ones 5 ms. */
function arm(hostile: number, waits: boolean) {
  let now = 0;
  const took: number[] = [];
  const take = (ms: number) => {
    now += ms;
    took.push(ms);
  };
  const decide = (index: number) => take(index % 100 === 99 ? 0.2 : 0.1);
  const attacks = Array.from({ length: hostile }, () => () => take(5));
  return { took, arm: tailArm({ decide, hostile: attacks, waits, now: () => now }) };
}

test('the 99th percentile is that of honest decisions, of which there are as many as asked for', async () => {
  const { took, arm: tail } = arm(2, false);
  expect((await tail.run(980)).seconds * 1000).toBeCloseTo(0.1);
  expect(took.filter((ms) => ms < 1)).toHaveLength(980);
  expect(took.filter((ms) => ms === 5)).toHaveLength(20);
});

test('what a call waits for those before it counts where it should', async () => {
  expect((await arm(0, true).arm.run(1000)).seconds * 1000).toBeCloseTo(0.1);
  // Five calls behind each hostile one wait: 4.1 ms, then 3.2, 2.3, 1.4 and 0.5; eight of 980 wait for 3.2 or more in every four hundred.
  const waited = (await arm(2, true).arm.run(980)).seconds * 1000;
  expect(waited).toBeGreaterThan(3);
  expect(waited).toBeLessThanOrEqual(4.2);
});
