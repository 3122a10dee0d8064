import { expect, test } from 'vitest';
import { strykerPlugins } from './stryker-plugins.mjs';

/** `new NAME('a', 'b')` or `NAME('a', 'b')`, and whether the argument at `at` is left out of mutation testing. */
function isLeftOut(type: string, name: string, at: number, nodeType = 'StringLiteral'): boolean {
  const call = { type, callee: { name }, arguments: [{ type: nodeType }, { type: nodeType }] };
  const ignorer = strykerPlugins.find((plugin) => plugin.name === 'message-text');
  return ignorer?.value?.shouldIgnore({ node: call.arguments[at], parent: call }) !== undefined;
}

test('only the text of messages is left out of mutation testing', () => {
  expect(isLeftOut('NewExpression', 'SpiffeError', 1)).toBe(true);
  expect(isLeftOut('NewExpression', 'SpiffeError', 1, 'TemplateLiteral')).toBe(true);
  expect(isLeftOut('NewExpression', 'TypeError', 0)).toBe(true);
  expect(isLeftOut('CallExpression', 'unsupported', 0)).toBe(true);
  expect(isLeftOut('NewExpression', 'SpiffeError', 0)).toBe(false);
  expect(isLeftOut('NewExpression', 'SpiffeError', 1, 'ObjectExpression')).toBe(false);
  expect(isLeftOut('CallExpression', 'checkPurpose', 1)).toBe(false);
});
