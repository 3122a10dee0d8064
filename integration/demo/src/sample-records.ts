import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@bufbuild/protobuf';

const FOLDER = fileURLToPath(new URL('../../records/', import.meta.url));

/** The agent records in `integration/records/`, by file name. */
export function readSampleRecords(folder = FOLDER): readonly JsonObject[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as JsonObject);
}

/** The record of another publisher than the samples'. */
export function readOtherPublishersRecord(): JsonObject {
  const [record] = readSampleRecords(join(FOLDER, 'other-publisher'));
  if (record === undefined) {
    throw new Error('integration/records/other-publisher holds no record');
  }
  return record;
}
