import { describe, expect, it } from 'vitest';
import { errorOf } from '../test-support/error-of.js';
import { mayRead, parseBundleRecord } from './bundle-record.js';

const record = {
  phases: ['call', 'request'],
  inputs: [
    ['subject', 'id'],
    ['action', 'properties', 'phase'],
    ['resource', 'properties', 'name'],
  ],
  wasm_sha256: 'ab',
  probes: {
    cases: [
      { note: 'yes', input: {}, allow: true, reasons: ['x'] },
      { note: 'no', input: { a: 1 }, allow: false },
    ],
  },
};
const parse = (dirgate: unknown) => parseBundleRecord(dirgate, 'x.tar.gz');
const withCases = (cases: unknown) => ({ ...record, probes: { cases } });
const [yes, no] = record.probes.cases;

describe('parseBundleRecord', () => {
  it('reads what is there', () => {
    const probes = { grants: undefined, cases: [yes, { ...no, reasons: undefined }] };
    expect(parse(record)).toEqual({ phases: record.phases, inputs: record.inputs, wasmSha256: 'ab', probes });
    const grants = { trust_domains: { 'a.example': [{ roles: ['reader'] }] } };
    expect(parse({ ...record, probes: { ...record.probes, grants } }).probes?.grants).toEqual(grants);
    expect(parse({ ...record, phases: ['call', 'request', 'response'] }).phases).toHaveLength(3);
  });

  it('gives the defaults without a record', () => {
    const defaults = parse(undefined);
    expect(defaults.phases).toEqual(['call', 'request']);
    expect(defaults.probes).toBe(undefined);
    expect(mayRead(defaults, ['anything'])).toBe(true);
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
    ['no probes', { ...record, probes: undefined }],
    ['probes without cases', { ...record, probes: {} }],
    ['an unknown member of the probes', { ...record, probes: { ...record.probes, more: 1 } }],
    ['grants of the probes that are none', { ...record, probes: { ...record.probes, grants: { idz: {} } } }],
    ['no case that denies', withCases([yes, yes])],
    ['no case that allows', withCases([no])],
    ['no case', withCases([])],
    ['too many cases', withCases(Array.from({ length: 257 }, (_, index) => (index === 0 ? yes : no)))],
    ['a case without a note', withCases([yes, no, { ...yes, note: '' }])],
    ['a case without an input', withCases([yes, no, { ...yes, input: [] }])],
    ['a case that allows by text', withCases([yes, no, { ...yes, allow: 'true' }])],
    ['a case with reasons that are no texts', withCases([yes, no, { ...yes, reasons: [1] }])],
    ['a case with an unknown member', withCases([yes, no, { ...yes, reason: [] }])],
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
