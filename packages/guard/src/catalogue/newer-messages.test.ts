import { type DescMessage, fromBinary, fromJson, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { messageIn } from '../test-support/proto-file.js';
import { layoutOf, type MessageGenerator } from './message-generator.js';
import { createResourceReader } from './resources.js';

const Refs = { cids: 'repeated string' };
const Publish = { refs: 'what: Refs', all: 'what: bool' };
/** As the catalogue knows it, and as the code of a newer server has it: with one more way to say what is meant. */
const known = messageIn({ messages: { Refs, Publish } }, 'Publish');
const newer = messageIn(
  { messages: { Refs, Publish: { ...Publish, by_names: 'what: Refs', note: 'string', hops: 'uint32' } } },
  'Publish',
);

/** Which resource a message is to a guard whose catalogue has a rule for each member that it knows, and one for none. */
function typeOf(messages: MessageGenerator, message: unknown): string | undefined {
  const resources = [{ type: 'refs', when: 'refs' }, { type: 'all', when: 'all' }, { type: 'nothing' }];
  return createResourceReader({ message: known, resources }, layoutOf(messages))(message)[0]?.type;
}

/** As protobuf-es makes it of the newer bytes. */
function received(json: Parameters<typeof fromJson<DescMessage>>[1]): unknown {
  return fromBinary(newer, toBinary(newer, fromJson(newer, json)));
}

const refused = expect.objectContaining({ code: 'message_unreadable', reasons: ['message_shape_unexpected'] });

describe('a member of a oneof that the catalogue does not know is refused, not taken for none', () => {
  test('of protobuf-es', () => {
    expect(typeOf('protobuf-es', received({ refs: { cids: ['a'] } }))).toBe('refs');
    expect(typeOf('protobuf-es', received({ note: 'n', hops: 1 }))).toBe('nothing');
    expect(() => typeOf('protobuf-es', received({ by_names: { cids: ['a'] } }))).toThrow(refused);
  });

  test.each<[MessageGenerator, object]>([
    ['ts-proto', { note: '', hops: 0, _unknownFields: {} }],
    ['proto-loader', { note: '', hops: 0, _optNote: 'optNote' }],
    ['proto-loader', {}],
    [{ generator: 'proto-loader', keepCase: true }, {}],
  ])('of %j, where members stand flat', (messages, defaults) => {
    const names = typeof messages === 'object' ? 'by_names' : 'byNames';
    expect(typeOf(messages, { ...defaults, refs: { cids: ['a'] }, all: undefined, [names]: undefined })).toBe('refs');
    expect(typeOf(messages, { ...defaults, refs: null, all: true, [names]: null })).toBe('all');
    expect(typeOf(messages, { ...defaults })).toBe('nothing');
    expect(() => typeOf(messages, { ...defaults, [names]: { cids: ['a'] } })).toThrow(refused);
    expect(() => typeOf(messages, { ...defaults, refs: { cids: ['a'] }, [names]: {} })).toThrow(refused); // of both the handler takes one
  });

  test('of proto-loader with `oneofs`, which names it', () => {
    expect(typeOf('proto-loader', { what: 'all', all: true })).toBe('all');
    expect(() => typeOf('proto-loader', { what: 'byNames' })).toThrow(refused);
  });

  test('of ts-proto with unions', () => {
    const unions: MessageGenerator = { generator: 'ts-proto', oneof: 'unions' };
    expect(typeOf(unions, { what: { $case: 'all', all: true } })).toBe('all');
    expect(() => typeOf(unions, { what: { $case: 'byNames', byNames: {} } })).toThrow(refused);
  });
});
