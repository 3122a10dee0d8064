import { readFileSync } from 'node:fs';
import { type DescEnum, type DescField, type DescFile, type DescMessage, type DescMethod, ScalarType } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { file_agntcy_dir_core_v1_record } from './gen/agntcy/dir/core/v1/record_pb.js';
import { file_agntcy_dir_core_v1_referrer } from './gen/agntcy/dir/core/v1/referrer_pb.js';
import { file_agntcy_dir_routing_v1_peer } from './gen/agntcy/dir/routing/v1/peer_pb.js';
import { file_agntcy_dir_routing_v1_publication_service } from './gen/agntcy/dir/routing/v1/publication_service_pb.js';
import { file_agntcy_dir_routing_v1_record_query } from './gen/agntcy/dir/routing/v1/record_query_pb.js';
import { file_agntcy_dir_routing_v1_routing_service } from './gen/agntcy/dir/routing/v1/routing_service_pb.js';
import { file_agntcy_dir_search_v1_record_query } from './gen/agntcy/dir/search/v1/record_query_pb.js';
import { file_agntcy_dir_search_v1_search_service } from './gen/agntcy/dir/search/v1/search_service_pb.js';
import { file_agntcy_dir_store_v1_store_service } from './gen/agntcy/dir/store/v1/store_service_pb.js';
import { file_agntcy_dir_store_v1_sync_service } from './gen/agntcy/dir/store/v1/sync_service_pb.js';

const files: readonly DescFile[] = [
  file_agntcy_dir_core_v1_record,
  file_agntcy_dir_core_v1_referrer,
  file_agntcy_dir_routing_v1_peer,
  file_agntcy_dir_routing_v1_publication_service,
  file_agntcy_dir_routing_v1_record_query,
  file_agntcy_dir_routing_v1_routing_service,
  file_agntcy_dir_search_v1_record_query,
  file_agntcy_dir_search_v1_search_service,
  file_agntcy_dir_store_v1_store_service,
  file_agntcy_dir_store_v1_sync_service,
];

function typeOf(field: DescField): string {
  if (field.fieldKind === 'map') {
    return 'map<string,string>';
  }
  return field.message?.typeName ?? field.enum?.typeName ?? (field.scalar ? ScalarType[field.scalar].toLowerCase() : '?');
}

function labelOf(field: DescField): string {
  if (field.fieldKind === 'map') {
    return 'map';
  }
  if (field.fieldKind === 'list') {
    return 'repeated';
  }
  if (field.oneof) {
    return `oneof:${field.oneof.name}`;
  }
  return field.proto.proto3Optional ? 'optional' : 'singular';
}

function messageLines(message: DescMessage): string[] {
  return message.fields.length === 0
    ? [`message ${message.typeName}`]
    : message.fields.map((f) => `field ${message.typeName} ${f.number} ${f.name} ${typeOf(f)} ${labelOf(f)}`);
}

function enumLines(desc: DescEnum): string[] {
  return desc.values.map((value) => `value ${desc.typeName} ${value.number} ${value.name}`);
}

function methodLine(m: DescMethod): string {
  const kind = m.methodKind.replace('_streaming', '');
  return `rpc /${m.parent.typeName}/${m.name} ${m.input.typeName} ${m.output.typeName} ${kind}`;
}

test('every method, field and enum value is the one of the real Directory', () => {
  const expected = readFileSync(new URL('./test-support/wire-table.txt', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const actual = files.flatMap((file) => [
    ...file.messages.flatMap(messageLines),
    ...file.enums.flatMap(enumLines),
    ...file.services.flatMap((service) => service.methods.map(methodLine)),
  ]);
  expect(expected.filter((line) => line.startsWith('field'))).toHaveLength(114);
  expect(actual.toSorted()).toEqual(expected.toSorted());
});
