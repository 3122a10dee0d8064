import type { JsonObject, JsonValue } from '@bufbuild/protobuf';

const supportedSchemaVersion = /^(?:0\.[78]|1\.\d{1,6})\.\d{1,6}$/;
const maxProblems = 20;

type Check = (value: JsonValue, path: string) => string[];

const isText: Check = (value, path) => (typeof value === 'string' ? [] : [`${path} is not a string`]);

const isId: Check = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff
    ? []
    : [`${path} is not an unsigned 32-bit integer`];

function listOf(check: Check): Check {
  return (value, path) =>
    Array.isArray(value) ? value.flatMap((element, i) => check(element, `${path}[${i}]`)) : [`${path} is not a list`];
}

function objectWith(members: Readonly<Record<string, Check>>): Check {
  return (value, path) =>
    isObject(value)
      ? Object.entries(members).flatMap(([name, check]) => {
          const member = value[name];
          return member === undefined ? [] : check(member, path === '' ? name : `${path}.${name}`);
        })
      : [`${path} is not an object`];
}

const isTextMap: Check = (value, path) =>
  isObject(value) ? Object.values(value).flatMap((member) => isText(member, `${path}: a value`)) : [`${path} is not an object`];

const isNamedList = listOf(objectWith({ name: isText, id: isId }));

const isRecord = objectWith({
  name: isText,
  version: isText,
  schema_version: isText,
  description: isText,
  created_at: isText,
  previous_record_cid: isText,
  authors: listOf(isText),
  annotations: isTextMap,
  skills: isNamedList,
  domains: isNamedList,
  modules: isNamedList,
  locators: listOf(objectWith({ type: isText, url: isText, urls: listOf(isText) })),
});

/**
 * What is wrong with a record document: the fields that the Directory reads are there and of the right type. Lighter than
 * the OASF schema, which the real Directory asks a schema service for. Problems name places, never values.
 */
export function recordProblems(document: JsonObject): readonly string[] {
  const problems = ['name', 'version', 'schema_version']
    .filter((name) => (document[name] ?? '') === '')
    .map((name) => `${name} is missing`);
  problems.push(...isRecord(document, ''));
  const version = document['schema_version'];
  if (typeof version === 'string' && version !== '' && !supportedSchemaVersion.test(version)) {
    problems.push('schema_version is not supported: 0.7.x, 0.8.x and 1.x.x are');
  }
  return problems.slice(0, maxProblems);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
