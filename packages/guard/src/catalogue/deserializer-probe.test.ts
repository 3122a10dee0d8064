import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { describe, expect, test, vi } from 'vitest';
import { messageIn, type ProtoFile } from '../test-support/proto-file.js';
import type { ResourceRule } from './catalogue.js';
import { DeserializerProbe } from './deserializer-probe.js';
import { layoutOf, type MessageGenerator } from './message-generator.js';
import { createResourceReader } from './resources.js';

const messages = {
  Ref: { cid: 'string', part_1: 'string' },
  Refs: { refs: 'repeated Ref' },
  Message: {
    record_refs: 'what: Refs',
    name: 'what: string',
    all: 'what: bool',
    data: 'Struct',
    label_of: 'map string',
    opt_note: 'optional string',
    when_made: 'Timestamp',
    page_limit: 'uint32',
  },
} satisfies ProtoFile['messages'];
const type = messageIn({ messages }, 'Message');

const RULES: readonly ResourceRule[] = [
  { type: 'refs', when: 'record_refs', id: 'record_refs.refs[].cid', properties: { part: 'record_refs.refs[].part_1' } },
  { type: 'name', when: 'name', id: 'name' },
  { type: 'all', when: 'all' },
  { type: 'noted', when: 'opt_note', describedBy: 'opt_note' },
  {
    type: 'data',
    properties: {
      name: 'data.name',
      skills: 'data.skills[].name',
      authors: 'data.authors[]',
      label: 'label_of.team',
      limit: 'page_limit',
    },
  },
];

function probe(generator: MessageGenerator = 'protobuf-es', resources = RULES, message = type): DeserializerProbe {
  const rule = { message, resources };
  return new DeserializerProbe(rule, createResourceReader(rule, layoutOf(generator)));
}

/** The code of a server, of protobuf-es, whose .proto may be another; `change` makes something else of its messages. */
function codeOf(server: DescMessage, change = (message: object): unknown => message): (bytes: Buffer) => unknown {
  return (bytes) => change(fromBinary(server, bytes));
}

/** The same .proto with one field under another name, with the same number. */
function renamed(message: keyof typeof messages, from: string, to: string): DescMessage {
  const fields = Object.entries(messages[message]).map(([name, spec]) => [name === from ? to : name, spec]);
  return messageIn({ messages: { ...messages, [message]: Object.fromEntries(fields) } }, 'Message');
}

test('the code that the catalogue was made for fits', () => {
  expect(probe().fits(codeOf(type))).toBe(true);
});

describe('code of which a value would read as absent does not', () => {
  test.each<[string, (bytes: Buffer) => unknown]>([
    ['a field that is called otherwise', codeOf(renamed('Ref', 'cid', 'id'))],
    ['a member of a oneof that is called otherwise', codeOf(renamed('Message', 'record_refs', 'refs'))],
    ['a document that is called otherwise', codeOf(renamed('Message', 'data', 'document'))],
    ['a number that is called otherwise', codeOf(renamed('Message', 'page_limit', 'limit'))],
    ['a map that is called otherwise', codeOf(renamed('Message', 'label_of', 'labels'))],
    ['an optional field that is called otherwise', codeOf(renamed('Message', 'opt_note', 'note'))],
    ['messages of another type', codeOf(messageIn({ messages: { ...messages, Other: messages.Message } }, 'Other'))],
    ['messages of another generator', codeOf(type, (message) => ({ ...message, $typeName: undefined }))],
    ['bytes that stay bytes', (bytes) => bytes],
    ['nothing', () => undefined],
    ['a document that is not the caller’s', codeOf(type, (message) => ({ ...message, data: {} }))],
  ])('%s', (_name, code) => {
    expect(probe().fits(code)).toBe(false);
  });
});

test('what a rule does not read may be different', () => {
  const server = renamed('Message', 'when_made', 'made_at');
  expect(probe().fits(codeOf(server))).toBe(true);
  expect(probe('protobuf-es', [{ type: 'all', when: 'all' }]).fits(codeOf(server))).toBe(true);
});

test('which rule applies is read, too', () => {
  const onlyAll = [{ type: 'all', when: 'all' }, { type: 'none' }];
  expect(probe('protobuf-es', onlyAll).fits(codeOf(type))).toBe(true);
  const code = codeOf(type, (message) => ({ ...message, what: { case: undefined } }));
  expect(probe('protobuf-es', onlyAll).fits(code)).toBe(false);
});

test('code that looks at what a message says cannot be tried, and is not refused for that', () => {
  const code = vi.fn(() => {
    throw new Error('probe is no CID');
  });
  expect(probe().fits(code)).toBe(true);
  expect(code).toHaveBeenCalled();
});

test('it is tried once', () => {
  const tried = probe();
  const code = vi.fn(codeOf(type));
  expect(tried.fits(code)).toBe(true);
  const times = code.mock.calls.length;
  expect(times).toBeGreaterThanOrEqual(RULES.length);
  expect(tried.fits(code)).toBe(true);
  expect(code).toHaveBeenCalledTimes(times);
});

test('a rule whose paths exclude each other is tried as far as there are such messages', () => {
  const rule: readonly ResourceRule[] = [{ type: 't', when: 'all', properties: { name: 'name', label: 'label_of.team' } }];
  expect(probe('protobuf-es', rule).fits(codeOf(type))).toBe(true);
  const code = codeOf(type, (message) => ({ ...message, labelOf: {} }));
  expect(probe('protobuf-es', rule).fits(code)).toBe(false);
});
