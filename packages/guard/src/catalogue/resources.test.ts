import { describe, expect, test } from 'vitest';
import { createResourceDescriber } from '../decision/describe.js';
import { Failure } from '../refusal.js';
import { messageIn } from '../test-support/proto-file.js';
import type { MessageRule, ResourceRule } from './catalogue.js';
import { protobufEsLayout } from './protobuf-es-layout.js';
import { createResourceReader, type Resource } from './resources.js';

const NAME = 'test.v1.Message';
const REF = 'test.v1.Ref';
const PROTO = {
  messages: {
    Ref: { cid: 'string' },
    Refs: { refs: 'repeated Ref' },
    Message: {
      refs: 'repeated Ref',
      record_ref: 'Ref',
      record_refs: 'request: Refs',
      all_records: 'request: bool',
      future: 'request: Refs',
      data: 'Struct',
    },
  },
};
const type = messageIn(PROTO, 'Message');
const ruleOf = (...resources: ResourceRule[]): MessageRule => ({ message: type, resources });
const read = (rule: MessageRule, message: object): readonly Resource[] =>
  createResourceReader(rule, protobufEsLayout)({ $typeName: NAME, request: { case: undefined }, ...message });
const ref = (cid: unknown) => ({ $typeName: REF, cid });

/** The code and the reasons with which `run` refuses. */
function failureOf(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('the message type must be the declared one', () => {
  const reader = createResourceReader(ruleOf({ type: 'thing' }), protobufEsLayout);
  expect(reader({ $typeName: NAME })).toEqual([{ type: 'thing', properties: {} }]);
  for (const message of [
    undefined,
    null,
    'text',
    [],
    {},
    { $typeName: 'test.v1.Other' },
    { fields: {} },
    Object.create({ $typeName: NAME }),
  ]) {
    expect(failureOf(() => reader(message))).toMatchObject({ code: 'message_unreadable', reasons: ['message_type_unexpected'] });
  }
});

describe('ids', () => {
  const rule = ruleOf({ type: 'record', id: 'refs[].cid', describedBy: 'refs[].cid' });

  test('each of a repeated id is a resource of its own, described by itself', () => {
    expect(read(rule, { refs: [ref('a'), ref('b')] })).toEqual([
      { type: 'record', id: 'a', describedBy: 'a', properties: {} },
      { type: 'record', id: 'b', describedBy: 'b', properties: {} },
    ]);
  });

  test('an empty id between others is judged too, without an id', () => {
    const absent = { $typeName: REF };
    expect(read(rule, { refs: [ref('a'), ref(''), absent, ref('b')] }).map(({ id }) => id)).toEqual([
      'a',
      undefined,
      undefined,
      'b',
    ]);
    expect(read(rule, { refs: [absent] })).toEqual([{ type: 'record', properties: {} }]);
  });

  test('each of the ids in a document is judged, even one that is none', () => {
    const inJson = ruleOf({ type: 'record', id: 'data.items[].id' });
    const items = [{ id: 'a' }, { id: 7 }, {}, 'text', null, { id: 'b' }];
    expect(read(inJson, { data: { items } }).map(({ id }) => id)).toEqual(['a', ...Array(4).fill(undefined), 'b']);
  });

  test('a message without any id is judged as one resource', () => {
    for (const message of [{}, { refs: [] }]) {
      expect(read(rule, message)).toEqual([{ type: 'record', properties: {} }]);
    }
  });

  test('a thousand are read, one more is refused', () => {
    const refs = Array.from({ length: 1001 }, (_, index) => ref(`cid-${index}`));
    expect(read(rule, { refs: refs.slice(1) })).toHaveLength(1000);
    expect(failureOf(() => read(rule, { refs })).code).toBe('too_many_resources');
    expect(failureOf(() => read(rule, { refs: refs.map(() => ref('')) })).code).toBe('too_many_resources');
  });

  test('a record that hangs on another is described by that one', () => {
    const referrer = ruleOf({ type: 'referrer', properties: { record_cid: 'record_ref.cid' }, describedBy: 'record_ref.cid' });
    expect(read(referrer, { recordRef: ref('c') })).toEqual([
      { type: 'referrer', properties: { record_cid: 'c' }, describedBy: 'c' },
    ]);
    expect(read(referrer, { recordRef: ref('') })).toEqual([{ type: 'referrer', properties: {} }]);
  });
});

describe('which rule applies', () => {
  const rule = ruleOf(
    { when: 'record_refs', type: 'record', id: 'record_refs.refs[].cid' },
    { when: 'all_records', type: 'selection', constants: { kind: 'all' } },
  );

  test('the first whose field is set', () => {
    expect(read(rule, { request: { case: 'recordRefs', value: { $typeName: 'test.v1.Refs', refs: [ref('a')] } } })).toMatchObject(
      [{ type: 'record', id: 'a' }],
    );
    for (const value of [true, false]) {
      expect(read(rule, { request: { case: 'allRecords', value } })).toEqual([
        { type: 'selection', properties: { kind: 'all' } },
      ]);
    }
  });

  test.each([{}, { request: { case: undefined } }, { request: { case: 'future', value: {} } }])(
    'none applies: refused (%j)',
    (message) => {
      expect(failureOf(() => read(rule, message))).toMatchObject({
        code: 'message_unreadable',
        reasons: ['no_resource_rule_applies'],
      });
    },
  );
});

describe('properties', () => {
  const rule = ruleOf({
    type: 'record',
    properties: { name: 'data.name', skills: 'data.skills[].name', authors: 'data.authors[]' },
    constants: { kind: 'record' },
  });
  const propertiesOf = (data: unknown) => read(rule, { data })[0]?.properties;

  test('strings are read; repeated paths give lists', () => {
    expect(propertiesOf({ name: 'n', skills: [{ name: 's' }, { name: 't' }], authors: ['a'] })).toEqual({
      kind: 'record',
      name: 'n',
      skills: ['s', 't'],
      authors: ['a'],
    });
  });

  test('what is absent, default or of another JSON type is left out', () => {
    const odd = [undefined, {}, { name: '' }, { name: 7 }, { name: null }, { name: ['n'] }, { name: { name: 'n' } }];
    for (const data of [
      ...odd,
      { skills: 'text' },
      { skills: { name: 's' } },
      { skills: [] },
      { skills: ['s'] },
      { authors: [7, '', null] },
    ]) {
      expect(propertiesOf(data)).toEqual({ kind: 'record' });
    }
    expect(propertiesOf({ authors: ['a', 7, '', 'b'] })).toEqual({ kind: 'record', authors: ['a', 'b'] });
  });

  test('a hostile document cannot replace a constant, a type or an id', () => {
    const hostile: unknown = JSON.parse(
      '{"kind":"x","type":"x","id":"x","$typeName":"x","__proto__":{"name":"x"},"case":"name","value":"x"}',
    );
    expect(read(rule, { data: hostile })).toEqual([{ type: 'record', properties: { kind: 'record' } }]);
  });
});

test('what a message leaves out of a thing, no description of its record fills in', () => {
  const rule = ruleOf({ type: 'note', properties: { kind: 'data.kind' }, describedBy: 'record_ref.cid' });
  const facts = () => ({ kind: 'granted', name: 'described' });
  const judged = (data: object) => {
    const [note] = read(rule, { recordRef: ref('a'), data });
    return JSON.parse(JSON.stringify(createResourceDescriber(facts, {})(note as Resource, new Map())));
  };
  expect(judged({ kind: 'said' }).properties).toEqual({ kind: 'said', name: 'described' });
  expect(judged({}).properties).toEqual({ name: 'described' });
});

describe('what a handler sends', () => {
  const reader = createResourceReader(
    ruleOf({ when: 'record_refs', type: 'record', id: 'record_refs.refs[].cid' }, { type: 'record', id: 'record_ref.cid' }),
    protobufEsLayout,
    'sent',
  );

  test('may be a whole message or the fields that it sets', () => {
    const one = { $typeName: NAME, request: { case: undefined }, recordRef: ref('a') };
    for (const message of [one, { recordRef: { cid: 'a' } }, { recordRef: ref('a') }]) {
      expect(reader(message)).toEqual([{ type: 'record', id: 'a', properties: {} }]);
    }
    expect(reader({ request: { case: 'recordRefs', value: { refs: [{ cid: 'a' }, {}] } } })).toEqual([
      { type: 'record', id: 'a', properties: {} },
      { type: 'record', properties: {} },
    ]);
    expect(reader({})).toEqual([{ type: 'record', properties: {} }]);
  });

  test.each([undefined, null, 'text', { $typeName: 'test.v1.Other' }, { recordRef: 'text' }, { refs: 'text', recordRef: 7 }])(
    'is refused when it is neither: %j',
    (message) => {
      expect(failureOf(() => reader(message))).toMatchObject({ code: 'message_unreadable' });
    },
  );
});

test('a path that is none fails when the reader is made', () => {
  const bad: ResourceRule[] = [
    { type: 't', id: 'A' },
    { type: 't', when: 'a..b' },
    { type: 't', describedBy: '' },
    { type: 't', properties: { p: '$' } },
  ];
  for (const rule of bad) {
    expect(() => createResourceReader(ruleOf(rule), protobufEsLayout)).toThrow(
      expect.objectContaining({ code: 'config_invalid' }),
    );
  }
});

describe('a whole number', () => {
  const paged = messageIn({ messages: { Page: { limit: 'optional uint32', name: 'string' } } }, 'Page');
  const reader = createResourceReader(
    { message: paged, resources: [{ type: 'query', properties: { limit: 'limit' } }] },
    protobufEsLayout,
  );
  const limitOf = (limit: unknown) => reader({ $typeName: 'test.v1.Page', name: '', limit })[0]?.properties;

  test('is a property; 0 and none are not', () => {
    expect(limitOf(7)).toEqual({ limit: 7 });
    expect(limitOf(4_294_967_295)).toEqual({ limit: 4_294_967_295 });
    expect(limitOf(0)).toEqual({});
    expect(limitOf(undefined)).toEqual({});
  });

  test.each(['7', 7n, 7.5, Number.NaN, true, {}])('that is %s is not of the shape that was agreed on', (limit) => {
    expect(failureOf(() => limitOf(limit))).toMatchObject({ code: 'message_unreadable', reasons: ['message_shape_unexpected'] });
  });
});
