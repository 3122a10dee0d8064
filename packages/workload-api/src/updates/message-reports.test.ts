import { beforeEach, expect, test } from 'vitest';
import { MessageReports } from './message-reports.js';
import { OncePerText } from './once-per-text.js';

let told: string[];

beforeEach(() => {
  told = [];
});

test('a problem is told when it is new, and again after a message without it', () => {
  const reports = new MessageReports((problem) => told.push(problem));
  for (const problems of [['a', 'a', 'b'], ['b', 'a'], ['a', 'c'], ['b']]) {
    reports.begin();
    for (const problem of problems) reports.report(problem);
  }
  expect(told).toEqual(['a', 'b', 'c', 'b']);
});

test('thousands of problems are not thousands of lines', () => {
  const reports = new MessageReports((problem) => told.push(problem));
  for (let i = 0; i < 5000; i++) reports.report(`problem ${i}`);
  expect(told).toHaveLength(101);
  expect(told.at(-1)).toContain('not listed');
});

test('what goes on failing in one way is told once, until it worked', () => {
  const failures = new OncePerText((text) => told.push(text));
  for (const text of ['a', 'a', 'b', 'a']) failures.report(text);
  failures.forget();
  failures.report('a');
  expect(told).toEqual(['a', 'b', 'a', 'a']);
});
