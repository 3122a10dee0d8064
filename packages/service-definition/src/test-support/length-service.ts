import { create, toBinary } from '@bufbuild/protobuf';
import { fileDesc, type GenService, serviceDesc } from '@bufbuild/protobuf/codegenv2';
import { base64Encode } from '@bufbuild/protobuf/wire';
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_wrappers,
  type StringValueSchema,
  type UInt32ValueSchema,
} from '@bufbuild/protobuf/wkt';

type Method<Kind> = { methodKind: Kind; input: typeof StringValueSchema; output: typeof UInt32ValueSchema };

const types = { inputType: '.google.protobuf.StringValue', outputType: '.google.protobuf.UInt32Value' };

const file = create(FileDescriptorProtoSchema, {
  name: 'test/v1/length.proto',
  package: 'test.v1',
  syntax: 'proto3',
  dependency: ['google/protobuf/wrappers.proto'],
  service: [
    {
      name: 'LengthService',
      method: [
        { name: 'MeasureOne', ...types },
        { name: 'MeasureAll', ...types, clientStreaming: true },
        { name: 'CountUpTo', ...types, serverStreaming: true },
        { name: 'MeasureEach', ...types, clientStreaming: true, serverStreaming: true },
      ],
    },
  ],
});

/** A service with one method of each call kind; requests are texts, responses are lengths. */
export const LengthService: GenService<{
  measureOne: Method<'unary'>;
  measureAll: Method<'client_streaming'>;
  countUpTo: Method<'server_streaming'>;
  measureEach: Method<'bidi_streaming'>;
}> = serviceDesc(fileDesc(base64Encode(toBinary(FileDescriptorProtoSchema, file)), [file_google_protobuf_wrappers]), 0);
