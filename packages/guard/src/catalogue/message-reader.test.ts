import { expect, test } from 'vitest';
import { descriptorSetOf } from '../test-support/proto-file.js';
import { createCatalogue } from './create-catalogue.js';
import type { MessageGenerator } from './message-generator.js';
import { createMessageReader } from './message-reader.js';

const GET = '/test.v1.Things/Get';
const catalogue = createCatalogue({
  descriptors: descriptorSetOf({
    messages: { Ref: { cid: 'string', many: 'repeated string' } },
    services: { Things: { Get: ['Ref', 'Ref'] } },
  }),
  services: { 'test.v1.Things': { Get: { class: 'read', request: { type: 'thing', id: 'cid' } } } },
});

test('answers what a policy is told, of the generator that is named', () => {
  const told = [{ type: 'thing', id: 'a', properties: {} }];
  expect(createMessageReader({ catalogue })(GET, 'request', { $typeName: 'test.v1.Ref', cid: 'a', many: [] })).toEqual(told);
  expect(createMessageReader({ catalogue, messages: 'ts-proto' })(GET, 'request', { cid: 'a' })).toEqual(told);
});

test('says why a guard would refuse a message', () => {
  const read = createMessageReader({ catalogue });
  expect(() => read(GET, 'request', { cid: 'a' })).toThrow(
    expect.objectContaining({
      name: 'GuardError',
      code: 'message_unreadable',
      message: `${GET} request: message_unreadable, message_type_unexpected`,
    }),
  );
});

test.each([
  ['/test.v1.Things/Put', 'request'],
  [GET, 'response'],
] as const)('has nothing to say of %s, %s', (method, phase) => {
  expect(() => createMessageReader({ catalogue })(method, phase, {})).toThrow(
    expect.objectContaining({ code: 'config_invalid', message: `catalogue: ${method} has no rule for its ${phase} messages` }),
  );
});

test('wants a generator that there is', () => {
  expect(() => createMessageReader({ catalogue, messages: 'protobufjs' as unknown as MessageGenerator })).toThrow(
    expect.objectContaining({ code: 'config_invalid' }),
  );
});
