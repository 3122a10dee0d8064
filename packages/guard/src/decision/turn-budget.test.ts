import { expect, test } from 'vitest';
import { TurnBudget } from './turn-budget.js';

/** A budget on a clock that only evaluations move. */
function build() {
  let now = 0;
  const turn = new TurnBudget(() => now);
  const spend = (ms: number): void =>
    turn.spend(() => {
      now += ms;
    });
  return { turn, spend };
}
const nextTurn = (): Promise<void> => new Promise(setImmediate);

test('is spent by what evaluations take, ten milliseconds a turn', async () => {
  const { turn, spend } = build();
  spend(9);
  expect(turn.isSpent).toBe(false);
  spend(1);
  expect(turn.isSpent).toBe(true);
  await nextTurn();
  expect(turn.isSpent).toBe(false);
});

test('an evaluation that throws is counted, and its error stays its own', () => {
  let now = 0;
  const turn = new TurnBudget(() => now);
  const fail = (): never => {
    now += 10;
    throw new Error('own');
  };
  expect(() => turn.spend(fail)).toThrow('own');
  expect(turn.isSpent).toBe(true);
});

test('what waits goes on in order, as many of a turn as it has time for', async () => {
  const { turn, spend } = build();
  const done: number[] = [];
  const works = [4, 4, 4, 4, 1].map((ms, index) =>
    turn.later(() => {
      spend(ms);
      done.push(index);
      return index;
    }),
  );
  expect(done).toEqual([]); // not in this turn, though there is time
  await nextTurn();
  expect(done).toEqual([0, 1, 2]);
  await nextTurn();
  expect(done).toEqual([0, 1, 2, 3, 4]);
  expect(await Promise.all(works)).toEqual([0, 1, 2, 3, 4]);
});

test('one that waits again is behind those that wait already', async () => {
  const { turn, spend } = build();
  const done: string[] = [];
  const long = async (name: string, rest: number): Promise<void> => {
    spend(10);
    done.push(name);
    return rest === 0 ? undefined : turn.later(() => long(name, rest - 1));
  };
  await Promise.all([turn.later(() => long('a', 2)), turn.later(() => long('b', 1))]);
  expect(done).toEqual(['a', 'b', 'a', 'b', 'a']);
});

test('what fails rejects its own promise, and those behind it go on', async () => {
  const { turn } = build();
  const works = [
    turn.later(() => {
      throw new Error('at once');
    }),
    turn.later(() => Promise.reject(new Error('late'))),
    turn.later(() => 'good'),
  ];
  expect(await Promise.allSettled(works)).toMatchObject([
    { reason: { message: 'at once' } },
    { reason: { message: 'late' } },
    { value: 'good' },
  ]);
});
