import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { type DecisionQuestion, decisionInput } from './policy-question.js';

const root = new URL('../../../', import.meta.url);
interface AjvModule {
  readonly Ajv: new (options: object) => { compile(schema: object): (value: unknown) => boolean };
}
const { Ajv } = createRequire(new URL('packages/policy/package.json', root))('ajv') as AjvModule;
const schema = JSON.parse(readFileSync(new URL('policies/schemas/decision-input.schema.json', root), 'utf8')) as object;
const validate = new Ajv({ strict: true, strictRequired: false }).compile(schema);

const catalogue = new Map([['/pkg.v1.Service/Pull', { class: 'read' }]]);
const question: DecisionQuestion = { subject: 'spiffe://a.example/agent/a1', method: '/pkg.v1.Service/Pull' };
const inputOf = (changes: Partial<DecisionQuestion> = {}) => decisionInput({ ...question, ...changes }, catalogue);

describe('decisionInput', () => {
  it('asks before any message, for a caller of the same trust domain, when nothing else is said', () => {
    expect(inputOf()).toEqual({
      subject: {
        type: 'workload',
        id: 'spiffe://a.example/agent/a1',
        properties: {
          trust_domain: 'a.example',
          path: ['agent', 'a1'],
          federated: false,
          credential: 'x509-svid',
          audience: [],
          claims: {},
          peer: null,
        },
      },
      action: {
        name: '/pkg.v1.Service/Pull',
        properties: { service: 'pkg.v1.Service', method: 'Pull', class: 'read', phase: 'call' },
      },
      resource: { type: 'service', id: 'pkg.v1.Service', properties: {} },
      context: {
        server: { id: 'spiffe://a.example/server', trust_domain: 'a.example' },
        time_ms: 0,
        peer_address: '127.0.0.1',
      },
    });
  });

  it('asks about a message when there is a resource', () => {
    const resource = { type: 'record', id: 'c', properties: { name: 'n' } };
    expect(inputOf({ resource })).toMatchObject({ action: { properties: { phase: 'request' } }, resource });
    expect(inputOf({ resource, phase: 'response' })).toMatchObject({ action: { properties: { phase: 'response' } } });
    expect(inputOf({ resource: { type: 'query' } })).toMatchObject({ resource: { type: 'query', properties: {} } });
  });

  it('takes a caller and a peer of other trust domains than the server for federated', () => {
    const input = inputOf({
      server: 'spiffe://b.example/dir',
      peer: 'spiffe://b.example/proxy',
      credential: 'jwt-svid',
      audience: ['dir'],
      claims: { sub: 'x' },
      timeMs: 5,
    });
    expect(input).toMatchObject({
      subject: {
        properties: {
          federated: true,
          credential: 'jwt-svid',
          audience: ['dir'],
          claims: { sub: 'x' },
          peer: { id: 'spiffe://b.example/proxy', trust_domain: 'b.example', path: ['proxy'], federated: false },
        },
      },
      context: { server: { id: 'spiffe://b.example/dir', trust_domain: 'b.example' }, time_ms: 5 },
    });
  });

  it.each<[string, Partial<DecisionQuestion>]>([
    ['as it is', {}],
    ['of a trust domain itself', { subject: 'spiffe://a.example' }],
    ['with a peer', { peer: 'spiffe://b.example/proxy', credential: 'jwt-svid' }],
    ['with a resource', { resource: { type: 'record', properties: { name: 'n', schema_version: '1.0.0' } } }],
  ])('fits the schema of the contract %s', (_, changes) => {
    expect(validate(inputOf(changes))).toBe(true);
    expect(validate({ ...inputOf(changes), extra: true })).toBe(false);
  });

  it('refuses a method that is not in the catalogue, and what is no SPIFFE ID', () => {
    expect(() => inputOf({ method: 'pkg.v1.Service/Pull' })).toThrow(TypeError);
    expect(() => inputOf({ subject: 'spiffe://A.example/x' })).toThrow(/trust domain/);
    expect(() => inputOf({ peer: 'x' })).toThrow(/spiffe:/);
    expect(() => inputOf({ server: 'x' })).toThrow(/spiffe:/);
  });

  describe('of a catalogue that tells what is asked about', () => {
    const resources = [{ type: 'record' }, { type: 'selection' }];
    const told = new Map([
      ['/pkg.v1.Service/Push', { class: 'write', phases: ['call', 'request'], request: { resources } }],
      ['/pkg.v1.Service/Sign', { class: 'write', phases: ['call'] }],
    ]);
    const ask =
      (method: string, changes: Partial<DecisionQuestion> = {}) =>
      () =>
        decisionInput({ ...question, method: `/pkg.v1.Service/${method}`, ...changes }, told);

    it.each([
      ['Push', {}],
      ['Push', { resource: { type: 'record' } }],
      ['Push', { resource: { type: 'selection' } }],
      ['Sign', {}],
      ['Sign', { resource: { type: 'service' }, phase: 'call' }],
    ] as const)('takes a question about %s %j', (method, changes) => {
      expect(ask(method, changes)).not.toThrow();
    });

    it.each([
      [
        'Push',
        { resource: { type: 'records' } },
        'never judged about a records in phase request, only about a record or selection',
      ],
      ['Push', { resource: { type: 'record' }, phase: 'response' }, 'never judged in phase response, only in call, request'],
      [
        'Push',
        { resource: { type: 'record' }, phase: 'call' },
        'never judged about a record in phase call, only about a service',
      ],
      ['Sign', { resource: { type: 'record' } }, 'never judged in phase request, only in call'],
    ] as const)('refuses what nobody asks about: %s %j', (method, changes, message) => {
      expect(ask(method, changes)).toThrow(TypeError);
      expect(ask(method, changes)).toThrow(message);
    });
  });
});
