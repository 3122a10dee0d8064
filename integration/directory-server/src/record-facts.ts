import type { JsonObject, JsonValue } from '@bufbuild/protobuf';

/** One skill, domain or module of a record. */
export interface NamedEntry {
  readonly name: string;
  readonly id: number | undefined;
}

/** Where the thing that a record describes is found. */
export interface Locator {
  readonly type: string;
  readonly url: string;
}

/** What the Directory reads of a record document (directory-wire §2.10). */
export interface RecordFacts {
  readonly name: string;
  readonly version: string;
  readonly schemaVersion: string;
  readonly description: string | undefined;
  readonly createdAt: string | undefined;
  readonly previousCid: string | undefined;
  readonly authors: readonly string[] | undefined;
  readonly annotations: ReadonlyMap<string, string>;
  readonly skills: readonly NamedEntry[];
  readonly domains: readonly NamedEntry[];
  readonly modules: readonly NamedEntry[];
  readonly locators: readonly Locator[];
}

/** Reads the facts of a record document. Members of another type than expected count as absent. */
export function readRecordFacts(document: JsonObject): RecordFacts {
  return {
    name: text(document['name']) ?? '',
    version: text(document['version']) ?? '',
    schemaVersion: text(document['schema_version']) ?? '',
    description: text(document['description']),
    createdAt: text(document['created_at']),
    previousCid: text(document['previous_record_cid']),
    authors: Array.isArray(document['authors']) ? document['authors'].flatMap((author) => text(author) ?? []) : undefined,
    annotations: new Map(
      Object.entries(object(document['annotations'])).flatMap(([key, value]) =>
        typeof value === 'string' ? [[key, value] as const] : [],
      ),
    ),
    skills: entries(document['skills']),
    domains: entries(document['domains']),
    modules: entries(document['modules']),
    locators: objects(document['locators']).map((locator) => ({
      type: text(locator['type']) ?? '',
      url: firstText(locator['urls']) ?? text(locator['url']) ?? '',
    })),
  };
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function firstText(value: JsonValue | undefined): string | undefined {
  return Array.isArray(value) ? text(value[0]) : undefined;
}

function object(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function entries(value: JsonValue | undefined): NamedEntry[] {
  return objects(value).map((entry) => ({
    name: text(entry['name']) ?? '',
    id: typeof entry['id'] === 'number' ? entry['id'] : undefined,
  }));
}
