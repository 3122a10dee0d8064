import type { DescService } from '@bufbuild/protobuf';
import type { MethodRule } from '@dirgate/guard';
import { describe, expect, test } from 'vitest';
import { directoryCatalogue } from './directory-catalogue.js';
import { PublicationService } from './gen/agntcy/dir/routing/v1/publication_service_pb.js';
import { RoutingService } from './gen/agntcy/dir/routing/v1/routing_service_pb.js';
import { SearchService } from './gen/agntcy/dir/search/v1/search_service_pb.js';
import { StoreService } from './gen/agntcy/dir/store/v1/store_service_pb.js';
import { SyncService } from './gen/agntcy/dir/store/v1/sync_service_pb.js';

const services: readonly DescService[] = [StoreService, SyncService, RoutingService, PublicationService, SearchService];
const methods = services.flatMap((service) => service.methods.map((m) => [`/${service.typeName}/${m.name}`, m] as const));

describe('directoryCatalogue', () => {
  test('knows exactly the 37 methods, and every method of our descriptors', () => {
    expect(directoryCatalogue.size).toBe(37);
    expect(methods).toHaveLength(23);
    expect(methods.map(([path]) => path).filter((path) => !directoryCatalogue.has(path))).toEqual([]);
  });

  test.each(methods)('%s reads its own messages, in the phases for which it can', (path, method) => {
    const rule = directoryCatalogue.get(path);
    expect(rule?.phases[0]).toBe('call');
    for (const [phase, message] of [
      ['request', method.input],
      ['response', method.output],
    ] as const) {
      const part = rule?.[phase];
      expect(part !== undefined).toBe(rule?.phases.includes(phase));
      if (part !== undefined) {
        expect(part.message === message).toBe(true);
        expect(part.resources.length).toBeGreaterThan(0);
      }
    }
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

  test('how much is asked for, and from where on, is told wherever a message says so', () => {
    const paging = methods.flatMap(([path, { input }]) => {
      const fields = input.fields.map(({ name }) => name).filter((name) => name === 'limit' || name === 'offset');
      return fields.length === 0 ? [] : [[path.split('.').at(-1), Object.fromEntries(fields.map((name) => [name, name]))]];
    });
    expect(paging.map(([name]) => name)).toHaveLength(6);
    for (const [name, properties] of paging) {
      const [, rule] = [...directoryCatalogue].find(([path]) => path.endsWith(`.${name}`)) ?? [];
      expect([name, rule?.request?.resources.map((resource) => resource.properties)]).toEqual([name, [properties]]);
    }
  });
});
