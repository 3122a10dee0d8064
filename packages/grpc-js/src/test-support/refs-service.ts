import { create, type Message, toBinary } from '@bufbuild/protobuf';
import { fileDesc, type GenMessage, type GenService, messageDesc, serviceDesc } from '@bufbuild/protobuf/codegenv2';
import { base64Encode } from '@bufbuild/protobuf/wire';
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { type Catalogue, createCatalogue, type MethodDeclaration, type ResourceRule } from '@dirgate/guard';

/** What both sides of {@link RefsService} send: one message that names any number of records. */
export type Refs = Message<'test.v1.Refs'> & { cids: string[] };

type Method<Kind> = { methodKind: Kind; input: GenMessage<Refs>; output: GenMessage<Refs> };

const types = { inputType: '.test.v1.Refs', outputType: '.test.v1.Refs' };

const proto = create(FileDescriptorProtoSchema, {
  name: 'test/v1/refs.proto',
  package: 'test.v1',
  syntax: 'proto3',
  messageType: [
    {
      name: 'Refs',
      field: [
        {
          name: 'cids',
          number: 1,
          label: FieldDescriptorProto_Label.REPEATED,
          type: FieldDescriptorProto_Type.STRING,
        },
      ],
    },
  ],
  service: [
    {
      name: 'RefsService',
      method: [
        { name: 'One', ...types },
        { name: 'Collect', ...types, clientStreaming: true },
        { name: 'List', ...types, serverStreaming: true },
        { name: 'Exchange', ...types, clientStreaming: true, serverStreaming: true },
      ],
    },
  ],
});
const file = fileDesc(base64Encode(toBinary(FileDescriptorProtoSchema, proto)));

const RefsSchema: GenMessage<Refs> = messageDesc(file, 0);

/** A message that names these records. */
export function refsOf(...cids: readonly string[]): Refs {
  return create(RefsSchema, { cids: [...cids] });
}

/** A service with one method of each shape, the same message on both sides of all of them. */
export const RefsService: GenService<{
  one: Method<'unary'>;
  collect: Method<'client_streaming'>;
  list: Method<'server_streaming'>;
  exchange: Method<'bidi_streaming'>;
}> = serviceDesc(file, 0);

const refs: ResourceRule = { type: 'record', id: 'cids[]', describedBy: 'cids[]' };
const judged: MethodDeclaration = { class: 'read', request: refs, response: refs };

/** Every method is judged in every phase. */
export const refsCatalogue: Catalogue = createCatalogue({
  descriptors: RefsService,
  services: { 'test.v1.RefsService': { One: judged, Collect: judged, List: judged, Exchange: judged } },
});
