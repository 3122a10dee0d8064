import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Listeners } from './listeners.js';

const reports: string[] = [];
const unhandled = vi.fn();
let listeners: Listeners;

beforeEach(() => {
  reports.length = 0;
  unhandled.mockClear();
  process.on('unhandledRejection', unhandled);
  listeners = new Listeners('a change', (problem) => reports.push(problem));
});
afterEach(() => process.off('unhandledRejection', unhandled));

test('tells each registration once, at once, the same function twice if it is registered twice', () => {
  const listener = vi.fn();
  const stop = listeners.add(listener);
  listeners.add(listener);
  listeners.tell();
  expect(listener).toHaveBeenCalledTimes(2);
  stop();
  stop();
  listeners.tell();
  expect(listener).toHaveBeenCalledTimes(3);
  listeners.clear();
  listeners.tell();
  expect(listener).toHaveBeenCalledTimes(3);
});

test('one that another stopped meanwhile is not told, one that was added meanwhile only the next time', () => {
  const [stopped, added] = [vi.fn(), vi.fn()];
  let stop = (): void => {};
  listeners.add(() => {
    stop();
    listeners.add(added);
  });
  stop = listeners.add(stopped);
  listeners.tell();
  expect([stopped, added].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  listeners.tell();
  expect([stopped, added].map(({ mock }) => mock.calls.length)).toEqual([0, 1]);
});

test('one that tells anew, and one that ends all this, hinder nobody', () => {
  const [first, last] = [vi.fn(), vi.fn()];
  let isFirst = true;
  listeners.add(first);
  listeners.add(() => {
    if (!isFirst) return;
    isFirst = false;
    listeners.tell();
    listeners.clear();
  });
  listeners.add(last);
  listeners.tell();
  expect(first).toHaveBeenCalledTimes(2);
  expect(last).toHaveBeenCalledTimes(1);
});

const thrown: readonly (readonly [string, unknown, string])[] = [
  ['an error', new Error('mine'), 'mine'],
  ['a text', 'mine', 'mine'],
  ['nothing', undefined, 'undefined'],
  ['an object that has no text', Object.create(null), 'something that has no text'],
];

test.each(thrown)('%s that is thrown or rejected with is reported, and the next one told', async (_name, value, text) => {
  const next = vi.fn();
  listeners.add(() => {
    throw value;
  });
  listeners.add(async () => {
    throw value;
  });
  listeners.add(next);
  listeners.tell();
  expect(next).toHaveBeenCalledOnce();
  await nextTurn();
  expect(reports).toEqual([`a change listener threw: ${text}`, `a change listener threw: ${text}`]);
  expect(unhandled).not.toHaveBeenCalled();
});
