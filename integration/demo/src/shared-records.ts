import type { JsonObject } from '@bufbuild/protobuf';
import type { DemoWorld } from './demo-world.js';
import { readOtherPublishersRecord, readSampleRecords } from './sample-records.js';

/** The records that the rows of one table share, and what earlier rows learned of them. */
export class SharedRecords {
  /** The five sample records, all of publisher acme. */
  readonly samples: readonly JsonObject[] = readSampleRecords();
  /** A record of publisher umbra. */
  readonly umbra: JsonObject = readOtherPublishersRecord();
  readonly #world: DemoWorld;
  #cids: readonly string[] = [];
  umbraCid = '';

  constructor(world: DemoWorld) {
    this.#world = world;
  }

  /** The CIDs of {@link samples}, once they were pushed. */
  get cids(): readonly string[] {
    return this.#cids;
  }

  /** A record that partners may read, by its name. */
  get acmeCid(): string {
    return this.#cids[this.#indexOf('/acme/')] ?? '';
  }

  get acmeName(): string {
    return String(this.samples[this.#indexOf('/acme/')]?.['name']);
  }

  /** A record that partners may not read. */
  get labsCid(): string {
    return this.#cids[this.#indexOf('/acme-labs/')] ?? '';
  }

  remember(cids: readonly string[]): void {
    this.#cids = cids;
  }

  isStored(cid: string): boolean {
    return this.#world.directory.directory.describe({ type: 'record', id: cid }) !== undefined;
  }

  #indexOf(part: string): number {
    return this.samples.findIndex(({ name }) => typeof name === 'string' && name.includes(part));
  }
}
