import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescService,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type DescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';

type MessageInit = Exclude<MessageInitShape<typeof DescriptorProtoSchema>, { readonly $typeName: string }>;
type FieldInit = NonNullable<MessageInit['field']>[number];

/**
 * A proto file of package `test.v1`, as tests write it down. A field is its type (`string`, `bool`, `Struct`,
 * `Timestamp`, or a message of this file) with `repeated`, `optional`, `map` or `GROUP:` (a member of that oneof) before it.
 */
export interface ProtoFile {
  readonly messages: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly services?: Readonly<Record<string, Readonly<Record<string, readonly [input: string, output: string]>>>>;
}

const SCALARS = new Map([
  ['string', Type.STRING],
  ['bool', Type.BOOL],
  ['uint32', Type.UINT32],
]);
const WELL_KNOWN = new Map([
  ['Struct', '.google.protobuf.Struct'],
  ['Timestamp', '.google.protobuf.Timestamp'],
]);
const imports = [file_google_protobuf_struct, file_google_protobuf_timestamp];

/** The bytes of a FileDescriptorSet, as `buf build` writes it. */
export function descriptorSetOf({ messages, services = {} }: ProtoFile): Uint8Array {
  const proto = create(FileDescriptorProtoSchema, {
    name: 'test/v1/test.proto',
    package: 'test.v1',
    syntax: 'proto3',
    dependency: imports.map((file) => file.proto.name),
    messageType: Object.entries(messages).map(([name, fields]) => messageInit(name, fields)),
    service: Object.entries(services).map(([name, methods]) => ({
      name,
      method: Object.entries(methods).map(([method, [input, output]]) => ({
        name: method,
        inputType: typeName(input),
        outputType: typeName(output),
      })),
    })),
  });
  const set = create(FileDescriptorSetSchema, { file: [...imports.map((file) => file.proto), proto] });
  return toBinary(FileDescriptorSetSchema, set);
}

/** The descriptor of a message of such a file. */
export function messageIn(file: ProtoFile, name: string): DescMessage {
  const message = registryOf(file).getMessage(`test.v1.${name}`);
  if (message === undefined) throw new Error(`no message ${name}`);
  return message;
}

/** The descriptor of a service of such a file. */
export function serviceIn(file: ProtoFile, name: string): DescService {
  const service = registryOf(file).getService(`test.v1.${name}`);
  if (service === undefined) throw new Error(`no service ${name}`);
  return service;
}

function registryOf(file: ProtoFile): ReturnType<typeof createFileRegistry> {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSetOf(file)));
}

function messageInit(name: string, fields: Readonly<Record<string, string>>): MessageInit {
  const specs = Object.entries(fields).map(([field, spec], index) => ({ field, number: index + 1, ...parse(spec) }));
  const groups = [...new Set(specs.flatMap(({ label, field }) => oneofOf(label, field) ?? []))]; // synthetic ones last, as protoc has them
  groups.sort((a, b) => Number(a.startsWith('_')) - Number(b.startsWith('_')));
  return {
    name,
    oneofDecl: groups.map((group) => ({ name: group })),
    field: specs.map(({ field, number, label, type }): FieldInit => {
      const oneof = oneofOf(label, field);
      return {
        name: field,
        number,
        label: label === 'repeated' || label === 'map' ? Label.REPEATED : Label.OPTIONAL,
        proto3Optional: label === 'optional',
        ...(oneof !== undefined && { oneofIndex: groups.indexOf(oneof) }),
        ...(label === 'map' ? { type: Type.MESSAGE, typeName: `${typeName(name)}.${entryName(field)}` } : typeInit(type)),
      };
    }),
    nestedType: specs
      .filter(({ label }) => label === 'map')
      .map(({ field, type }) => ({
        name: entryName(field),
        options: { mapEntry: true },
        field: [
          { name: 'key', number: 1, label: Label.OPTIONAL, type: Type.STRING },
          { name: 'value', number: 2, label: Label.OPTIONAL, ...typeInit(type) },
        ],
      })),
  };
}

function parse(spec: string): { readonly label: string | undefined; readonly type: string } {
  const [first = '', second] = spec.split(' ');
  return second === undefined ? { label: undefined, type: first } : { label: first, type: second };
}

function oneofOf(label: string | undefined, field: string): string | undefined {
  return label === 'optional' ? `_${field}` : label?.endsWith(':') === true ? label.slice(0, -1) : undefined;
}

function typeInit(type: string): FieldInit {
  const scalar = SCALARS.get(type);
  return scalar === undefined ? { type: Type.MESSAGE, typeName: typeName(type) } : { type: scalar };
}

function typeName(type: string): string {
  return WELL_KNOWN.get(type) ?? `.test.v1.${type}`;
}

function entryName(field: string): string {
  return `${field.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Entry`;
}
