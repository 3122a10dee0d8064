import { describe, expect, it } from 'vitest';
import { mayRead, parseBundleRecord } from './bundle-record.js';
import { errorOf } from './test-support/error-of.js';

const record = {
  phases: ['call', 'request'],
  inputs: [
    ['subject', 'id'],
    ['action', 'properties', 'phase'],
    ['resource', 'properties', 'name'],
  ],
  wasm_sha256: 'ab',
};
const parse = (dirgate: unknown) => parseBundleRecord({ revision: '', metadata: { dirgate } }, 'x.tar.gz');

describe('parseBundleRecord', () => {
  it('reads what is there', () => {
    expect(parse(record)).toEqual({ phases: record.phases, inputs: record.inputs, wasmSha256: 'ab' });
    expect(parse({ ...record, phases: ['call', 'request', 'response'] }).phases).toHaveLength(3);
  });

  it('gives the defaults without a record', () => {
    for (const manifest of [undefined, {}, { metadata: {} }, { metadata: { other: 1 } }]) {
      const defaults = parseBundleRecord(manifest, 'x.tar.gz');
      expect(defaults.phases).toEqual(['call', 'request']);
      expect(mayRead(defaults, ['anything'])).toBe(true);
    }
  });

  it.each<[string, unknown]>([
    ['no object', []],
    ['an unknown member', { ...record, extra: 1 }],
    ['no phases', { ...record, phases: [] }],
    ['an unknown phase', { ...record, phases: ['call', 'later'] }],
    ['a phase twice', { ...record, phases: ['call', 'call'] }],
    ['inputs that are no paths', { ...record, inputs: ['subject.id'] }],
    ['no inputs', { ...record, inputs: undefined }],
    ['no digest', { ...record, wasm_sha256: undefined }],
  ])('refuses %s', async (_, dirgate) => {
    expect((await errorOf(() => parse(dirgate))).code).toBe('bundle_bad_record');
  });

  it('refuses a bundle that reads the resource without reading the phase', async () => {
    const inputs = [['resource', 'properties', 'name']];
    expect((await errorOf(() => parse({ ...record, inputs }))).code).toBe('bundle_phase_unread');
    expect(parse({ ...record, inputs: [...inputs, ['action']] }).inputs).toHaveLength(2);
    expect(parse({ ...record, inputs: [['resource', 'type']] }).inputs).toHaveLength(1);
  });
});

describe('mayRead', () => {
  it('is true at, above and below what is read, and nowhere else', () => {
    const parsed = parse(record);
    for (const path of [['subject', 'id'], ['subject'], [], ['subject', 'id', 'x'], ['resource', 'properties']]) {
      expect(mayRead(parsed, path)).toBe(true);
    }
    for (const path of [['context'], ['context', 'time_ms'], ['subject', 'type'], ['resource', 'id']]) {
      expect(mayRead(parsed, path)).toBe(false);
    }
    expect(mayRead(parse({ ...record, inputs: [[]] }), ['context', 'time_ms'])).toBe(true);
  });
});
