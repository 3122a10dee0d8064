import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { descriptorSetOf, serviceIn } from '../test-support/proto-file.js';
import { type CatalogueOptions, createCatalogue, type MethodDeclaration } from './create-catalogue.js';

const file = {
  messages: {
    Ref: { cid: 'string' },
    Get: { ref: 'Ref', refs: 'repeated Ref', all: 'which: bool', some: 'which: Ref', name: 'string' },
    Thing: { ref: 'Ref', data: 'Struct' },
  },
  services: {
    Things: { Get: ['Get', 'Thing'], Put: ['Thing', 'Ref'], Drop: ['Ref', 'Ref'] },
    Others: { Get: ['Ref', 'Ref'] },
  },
} as const;
const descriptors = descriptorSetOf(file);
const NAME = 'test.v1.Things';
const catalogueOf = (Get: object, more: Partial<CatalogueOptions> = {}) =>
  createCatalogue({ descriptors, services: { [NAME]: { Get: Get as MethodDeclaration } }, ...more });

test('what a method declares is all there is; its messages come from the descriptor', () => {
  const catalogue = createCatalogue({
    descriptors,
    services: {
      [NAME]: {
        Get: { class: 'read', request: { type: 'thing', id: 'ref.cid' }, response: [{ type: 'thing', id: 'ref.cid' }] },
        Put: { class: 'write', request: [{ type: 'thing', properties: { name: 'data.name' } }], refusedMessage: 'cancel' },
      },
      'test.v1.Others': { Get: { class: 'search' } },
    },
  });
  expect([...catalogue.keys()]).toEqual(['/test.v1.Things/Get', '/test.v1.Things/Put', '/test.v1.Others/Get']);
  const get = catalogue.get('/test.v1.Things/Get');
  expect(get).toMatchObject({ class: 'read', phases: ['call', 'request', 'response'] });
  expect([get?.request?.message.typeName, get?.response?.message.typeName]).toEqual(['test.v1.Get', 'test.v1.Thing']);
  expect(get?.request?.resources).toEqual([{ type: 'thing', id: 'ref.cid' }]);
  expect(catalogue.get('/test.v1.Things/Put')).toMatchObject({ phases: ['call', 'request'], refusedMessage: 'cancel' });
  expect(catalogue.get('/test.v1.Others/Get')).toEqual({ class: 'search', phases: ['call'] });
});

test.each<[string, CatalogueOptions['descriptors']]>([
  ['bytes of a FileDescriptorSet', descriptors],
  ['a service', serviceIn(file, 'Things')],
  ['a file', serviceIn(file, 'Things').file],
  ['several', [serviceIn(file, 'Others'), serviceIn(file, 'Things')]],
])('descriptors may be %s', (_name, source) => {
  expect(catalogueOf({ class: 'read' }, { descriptors: source }).size).toBe(1);
});

describe('a mistake says where it is and what would be right', () => {
  const request = (rule: object) => ({ class: 'read', request: rule });

  test.each<[string, object, string]>([
    [
      'a misspelt field',
      request({ type: 't', id: 'ref.cidd' }),
      'Things/Get request: "ref.cidd" names "cidd", but test.v1.Ref has',
    ],
    [
      'in a response',
      { class: 'read', response: { type: 't', id: 'cid' } },
      'Things/Get response: "cid" names "cid", but test.v1.Thing',
    ],
    ['no [] on a repeated field', request({ type: 't', id: 'refs.cid' }), 'write refs[]'],
    ['[] on a singular field', request({ type: 't', id: 'ref[].cid' }), 'leave it out'],
    ['a path below a scalar', request({ type: 't', properties: { a: 'name.first' } }), 'which has no fields'],
    ['a path to a message', request({ type: 't', describedBy: 'ref' }), 'does not end at a string'],
    ['when of a field that cannot tell', request({ type: 't', when: 'name' }), 'cannot be seen to be set'],
    ['a rule behind one that always applies', request([{ type: 't' }, { type: 'u', when: 'all' }]), 'never apply'],
    ['described by several', request({ type: 't', id: 'ref.cid', describedBy: 'refs[].cid' }), 'must be the same path as id'],
    ['no rule', request([]), 'leave it out to judge the call alone'],
    ['no type', request({ id: 'ref.cid' }), 'needs a type'],
    ['an empty type', request({ type: '' }), 'needs a type'],
    [
      'a property that no policy would name so',
      request({ type: 't', properties: { refCid: 'ref.cid' } }),
      '"refCid" is not in snake_case',
    ],
    ['a prototype as a property', request({ type: 't', constants: JSON.parse('{"__proto__":"x"}') as object }), '"__proto__"'],
    [
      'a constant that a caller would replace',
      request({ type: 't', constants: { name: 'fixed' }, properties: { name: 'name' } }),
      '"name" is a property and a constant',
    ],
    ['a misspelt key', { class: 'read', requests: { type: 't' } }, 'unknown "requests"; it may have class, request'],
    ['a misspelt key in a rule', request({ type: 't', describeBy: 'ref.cid' }), 'unknown "describeBy"'],
    ['an unknown class', { class: 'write_all' }, 'class must be one of read,'],
    ['an unknown way to refuse', { class: 'read', refusedMessage: 'ignore' }, 'refusedMessage must be'],
  ])('%s', (_name, declaration, says) => {
    expect(catalogueOf({ class: 'read', request: { type: 't', id: 'ref.cid' } }).size).toBe(1);
    expect(() => catalogueOf(declaration)).toThrow(
      expect.objectContaining({ name: 'GuardError', code: 'config_invalid', message: expect.stringContaining(says) }),
    );
    expect(() => catalogueOf(declaration)).toThrow('/test.v1.Things/Get');
  });

  test.each<[string, CatalogueOptions, string]>([
    [
      'an unknown service',
      { descriptors, services: { 'test.v1.Thing': {} } },
      'service test.v1.Thing is not among "test.v1.Things"',
    ],
    [
      'an unknown method',
      { descriptors, services: { [NAME]: { get: { class: 'read' } } } },
      'test.v1.Things has no method "get"; it has "Get", "Put", "Drop"',
    ],
    [
      'a method without a rule, when none may be',
      { descriptors, services: { [NAME]: { Get: { class: 'read' } } }, complete: true },
      'test.v1.Things has no rule for "Put", "Drop"',
    ],
    ['no descriptors', { descriptors: [], services: { [NAME]: {} } }, 'is not among nothing'],
    ['bytes of something else', { descriptors: Buffer.from('syntax = "proto3";'), services: {} }, 'buf build -o'],
    ['a set without its imports', { descriptors: withoutImports(), services: {} }, '--include_imports'],
  ])('%s', (_name, options, says) => {
    expect(() => createCatalogue(options)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(says) }),
    );
  });
});

/** The last file of the set alone. */
function withoutImports(): Uint8Array {
  const set = fromBinary(FileDescriptorSetSchema, descriptors);
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: set.file.slice(-1) }));
}
