import { relative } from 'node:path';

/** Constructors and helpers of `packages/spiffe` that make an error, and which of their arguments is its message. */
const MESSAGE_ARGUMENT = new Map([
  ['SpiffeError', 1],
  ['TypeError', 0],
  ['RangeError', 0],
  ['unsupported', 0],
]);

/** Leaves the text of messages out of mutation testing: tests assert the code of an error, and its message may be worded anew. */
const messageText = {
  shouldIgnore({ node, parent }) {
    if (node.type !== 'StringLiteral' && node.type !== 'TemplateLiteral') return undefined;
    if (parent?.type !== 'NewExpression' && parent?.type !== 'CallExpression') return undefined;
    const at = MESSAGE_ARGUMENT.get(parent.callee.name);
    return at !== undefined && parent.arguments[at] === node ? 'the text of a message' : undefined;
  },
};

/** Prints what no test noticed, as soon as it is known. */
class Survivors {
  onMutantTested({ status, fileName, location, mutatorName, replacement, statusReason }) {
    if (status !== 'Survived' && status !== 'NoCoverage' && status !== 'Timeout') return;
    const { line, column } = location.start;
    const reason = status === 'Timeout' && statusReason ? ` (${statusReason})` : '';
    console.log(`${relative('.', fileName)}:${line}:${column} ${FATE[status]}: ${mutatorName} ${replacement}${reason}`);
  }
}
const FATE = { Survived: 'survived', NoCoverage: 'no test reaches it', Timeout: 'noticed by a test that hangs' };

export const strykerPlugins = [
  { kind: 'Ignore', name: 'message-text', value: messageText },
  { kind: 'Reporter', name: 'survivors', injectableClass: Survivors },
];
