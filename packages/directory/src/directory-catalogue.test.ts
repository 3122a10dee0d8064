import type { DescField, DescMessage, DescService } from '@bufbuild/protobuf';
import type { MessageRule, MethodRule } from '@dirgate/guard';
import { describe, expect, test } from 'vitest';
import { directoryCatalogue } from './directory-catalogue.js';
import { PublicationService } from './gen/agntcy/dir/routing/v1/publication_service_pb.js';
import { RoutingService } from './gen/agntcy/dir/routing/v1/routing_service_pb.js';
import { SearchService } from './gen/agntcy/dir/search/v1/search_service_pb.js';
import { StoreService } from './gen/agntcy/dir/store/v1/store_service_pb.js';
import { SyncService } from './gen/agntcy/dir/store/v1/sync_service_pb.js';

const services: readonly DescService[] = [StoreService, SyncService, RoutingService, PublicationService, SearchService];
const methods = services.flatMap((service) => service.methods.map((m) => [`/${service.typeName}/${m.name}`, m] as const));

/** Why a path does not resolve, or `undefined` when it does. */
function brokenPath(message: DescMessage, path: string): string | undefined {
  let at: DescMessage | undefined = message;
  for (const part of path.split('.')) {
    const name = part.replace(/\[\]$/, '');
    if (at === undefined) {
      return `${path}: nothing below ${name}`;
    }
    if (at.typeName === 'google.protobuf.Struct') {
      return undefined;
    }
    const field: DescField | undefined = at.fields.find((candidate) => candidate.name === name);
    if (field === undefined) {
      return `${path}: ${at.typeName} has no field ${name}`;
    }
    if ((field.fieldKind === 'list') !== part.endsWith('[]')) {
      return `${path}: [] belongs on repeated fields and nowhere else`;
    }
    at = field.message;
  }
  return undefined;
}

function pathsOf(rule: MessageRule): string[] {
  return rule.resources.flatMap(({ when, id, describedBy, properties }) =>
    [when, id, describedBy, ...Object.values(properties ?? {})].filter((path) => path !== undefined),
  );
}

/** The oneofs and Structs that the paths of a rule meet, by the descriptors. */
function layoutOf(message: DescMessage, rule: MessageRule): Required<Pick<MessageRule, 'oneofs' | 'structs'>> {
  const oneofs: Record<string, string> = {};
  const structs = new Set<string>();
  for (const path of pathsOf(rule)) {
    let at: DescMessage | undefined = message;
    const names: string[] = [];
    for (const part of path.split('.')) {
      const name = part.replace(/\[\]$/, '');
      names.push(name);
      const field: DescField | undefined = at?.fields.find((candidate) => candidate.name === name);
      if (field?.oneof !== undefined && !field.proto.proto3Optional) {
        oneofs[names.join('.')] = field.oneof.name;
      }
      at = field?.message;
      if (at?.typeName === 'google.protobuf.Struct') {
        structs.add(names.join('.'));
        break;
      }
    }
  }
  return { oneofs, structs: [...structs] };
}

describe('directoryCatalogue', () => {
  test('knows exactly the 37 methods, and every method of our descriptors', () => {
    expect(directoryCatalogue.size).toBe(37);
    expect(methods).toHaveLength(23);
    expect(methods.map(([path]) => path).filter((path) => !directoryCatalogue.has(path))).toEqual([]);
  });

  test.each(methods)('%s names its own messages and only fields that they have', (path, method) => {
    const rule = directoryCatalogue.get(path);
    expect(rule?.phases[0]).toBe('call');
    for (const [phase, message] of [
      ['request', method.input],
      ['response', method.output],
    ] as const) {
      const part = rule?.[phase];
      expect(part !== undefined).toBe(rule?.phases.includes(phase));
      if (part !== undefined) {
        expect(part.message).toBe(message.typeName);
        expect(part.resources.length).toBeGreaterThan(0);
        expect({ oneofs: part.oneofs ?? {}, structs: part.structs ?? [] }).toEqual(layoutOf(message, part));
        expect(pathsOf(part).map((field) => brokenPath(message, field))).toEqual(pathsOf(part).map(() => undefined));
      }
    }
  });

  test('the path check itself finds what is wrong', () => {
    const { input } = RoutingService.method.publish;
    expect(brokenPath(input, 'record_refs.refs[].cid')).toBeUndefined();
    expect(brokenPath(input, 'record_refs.refs.cid')).toContain('[]');
    expect(brokenPath(input, 'recordRefs')).toContain('no field');
    expect(brokenPath(input, 'all_records.cid')).toContain('nothing below');
  });

  test('classes and phases are those of the table', () => {
    const table = (rule: MethodRule) => `${rule.class} ${rule.phases.join('+')}`;
    const short = [...directoryCatalogue].map(([path, rule]) => `${path.split('.').at(-1)} ${table(rule)}`);
    expect(short).toEqual([
      'StoreService/Push write call+request',
      'StoreService/Pull read call+request+response',
      'StoreService/Lookup read call+request+response',
      'StoreService/Delete delete call+request',
      'StoreService/PushReferrer write call+request',
      'StoreService/PullReferrer read call+request+response',
      'StoreService/DeleteReferrer delete call+request',
      'SyncService/CreateSync admin call+request',
      'SyncService/ListSyncs admin call+request',
      'SyncService/GetSync admin call+request',
      'SyncService/DeleteSync admin call+request',
      'SyncService/RequestRegistryCredentials sync call',
      'RoutingService/Publish publish call+request',
      'RoutingService/Unpublish publish call+request',
      'RoutingService/Search search call+request+response',
      'RoutingService/List search call+request+response',
      'RoutingService/GetProviderCount search call+request',
      'PublicationService/CreatePublication publish call+request',
      'PublicationService/ListPublications publish call+request',
      'PublicationService/GetPublication publish call+request',
      'SearchService/SearchCIDs search call+request+response',
      'SearchService/SearchRecords search call+request+response',
      'SearchService/CountRecords search call+request',
      'EventService/Listen search call',
      'NamingService/GetVerificationInfo read call',
      'NamingService/Resolve read call',
      'SignService/Sign write call',
      'SignService/Verify read call',
      'AIFinderService/ListAgents search call',
      'AIFinderService/ListTags search call',
      'AIFinderService/ExtractTaxonomy search call',
      'AIFinderService/SearchAgents search call',
      'AIFinderService/GetAgent read call',
      'AIFinderService/ExportAgent read call',
      'AIFinderService/GetWellKnownCatalog read call',
      'DiscoveryService/GetWorkload read call',
      'DiscoveryService/ListWorkloads search call',
    ]);
  });
});
