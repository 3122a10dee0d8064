import { type Decision, loadPolicy, type Policy } from '@dirgate/policy';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ActionClass, Phase } from '../catalogue/catalogue.js';
import type { Resource } from '../catalogue/resources.js';
import type { DecisionInput } from '../gen/decision-input.js';
import { DecisionCache } from './decision-cache.js';
import { createDecisionInput, createMethod, type DecisionContext } from './decision-input.js';

type Subject = DecisionInput['subject'];
const server = { id: 'spiffe://directory.example/directory', trust_domain: 'directory.example' };

function subjectOf(id: string, claims: Readonly<Record<string, unknown>> = {}): Subject {
  const [, , trust_domain = '', ...path] = id.split('/');
  return {
    type: 'workload',
    id,
    properties: { trust_domain, path, credential: 'x509-svid', federated: false, audience: [], claims, peer: null },
  };
}

function contextOf(subject: Subject, path = '/a.B/Get', actionClass: ActionClass = 'read'): DecisionContext {
  const method = createMethod(path, { class: actionClass, phases: ['call', 'request'] });
  return { caller: { subject } as DecisionContext['caller'], method, server, peerAddress: '192.0.2.1:1' };
}

/** A policy that reads these inputs, and counts how often it is asked. */
function counting(inputs: Policy['inputs'], decide: (input: object) => Partial<Decision> = () => ({})) {
  const asked: object[] = [];
  const policy: Policy = {
    revision: 'one',
    phases: ['call', 'request'],
    inputs,
    reads: () => true,
    decide: (input) => {
      asked.push(input);
      return { allow: true, reasons: [String(asked.length)], revision: 'one', ...decide(input) };
    },
  };
  return { policy, asked };
}

function judge(
  cache: DecisionCache,
  policy: Policy,
  context: DecisionContext,
  resource: Resource,
  phase: Phase = 'request',
): Decision {
  return cache.decide(context, phase, resource, () => policy.decide(createDecisionInput(context, phase, resource, 1)));
}

const record = (properties: Record<string, unknown> = {}, id?: string): Resource => ({
  type: 'record',
  properties,
  ...(id !== undefined && { id }),
});

describe('what may be remembered', () => {
  test.each<[string, Policy['inputs'], boolean]>([
    [
      'subject, action, resource and server',
      [['subject', 'id'], ['action', 'name'], ['resource'], ['context', 'server', 'id']],
      true,
    ],
    ['nothing at all', [], true],
    ['no record', undefined, false],
    [
      'the time',
      [
        ['subject', 'id'],
        ['context', 'time_ms'],
      ],
      false,
    ],
    ['what holds the time', [['context']], false],
    ['the address of the connection', [['context', 'peer_address']], false],
    ['all of the input', [[]], false],
    ['something unknown', [['environment']], false],
  ])('%s', (_name, inputs, cacheable) => {
    expect(DecisionCache.for(counting(inputs).policy) !== undefined).toBe(cacheable);
  });
});

describe('the key is what the policy reads', () => {
  const inputs = [
    ['subject', 'id'],
    ['subject', 'properties', 'claims', 'role'],
    ['action', 'properties', 'phase'],
    ['resource', 'type'],
    ['resource', 'properties', 'name'],
    ['resource', 'properties', 'skills'],
    ['context', 'server', 'id'],
  ];
  const base = { subject: subjectOf('spiffe://a/x', { role: 'r' }), resource: record({ name: 'n', skills: ['s'] }, 'one') };

  test('equal values are decided once, whatever else differs', () => {
    const { policy, asked } = counting(inputs);
    const cache = DecisionCache.for(policy) as DecisionCache;
    const first = judge(cache, policy, contextOf(base.subject), base.resource);
    const alike = [
      judge(cache, policy, contextOf(base.subject), base.resource),
      judge(cache, policy, contextOf(subjectOf('spiffe://a/x', { role: 'r', other: 1 })), base.resource),
      judge(cache, policy, contextOf(base.subject, '/other.B/Put', 'write'), base.resource),
      judge(
        cache,
        policy,
        { ...contextOf(base.subject), peerAddress: 'elsewhere' },
        record({ name: 'n', skills: ['s'], more: 1 }, 'two'),
      ),
    ];
    for (const decision of alike) expect(decision).toBe(first);
    expect(asked).toHaveLength(1);
  });

  test.each<[string, Subject, Resource, Phase, Partial<DecisionContext>]>([
    ['the subject', subjectOf('spiffe://a/y', { role: 'r' }), base.resource, 'request', {}],
    ['a claim', subjectOf('spiffe://a/x', { role: 's' }), base.resource, 'request', {}],
    ['an absent claim', subjectOf('spiffe://a/x'), base.resource, 'request', {}],
    ['a claim that is null', subjectOf('spiffe://a/x', { role: null }), base.resource, 'request', {}],
    ['the phase', base.subject, base.resource, 'call', {}],
    ['the type', base.subject, { ...base.resource, type: 'referrer' }, 'request', {}],
    ['a property', base.subject, record({ name: 'm', skills: ['s'] }), 'request', {}],
    ['an absent property', base.subject, record({ skills: ['s'] }), 'request', {}],
    ['the kind of a value', base.subject, record({ name: 'n', skills: '["s"]' }), 'request', {}],
    ['where one value ends', base.subject, record({ name: 'n"2:"', skills: ['s'] }), 'request', {}],
    ['the server', base.subject, base.resource, 'request', { server: { ...server, id: 'spiffe://directory.example/other' } }],
  ])('%s makes another decision', (_name, subject, resource, phase, change) => {
    const { policy, asked } = counting(inputs);
    const cache = DecisionCache.for(policy) as DecisionCache;
    judge(cache, policy, contextOf(base.subject), base.resource);
    judge(cache, policy, { ...contextOf(subject), ...change }, resource, phase);
    expect(asked).toHaveLength(2);
    judge(cache, policy, contextOf(base.subject), base.resource);
    expect(asked).toHaveLength(2);
  });

  test('values that would be the same text when written one after the other stay apart', () => {
    const { policy, asked } = counting([
      ['resource', 'properties', 'a'],
      ['resource', 'properties', 'b'],
    ]);
    const cache = DecisionCache.for(policy) as DecisionCache;
    const pairs = [
      ['x', 'yz'],
      ['xy', 'z'],
      ['', 'xyz'],
      [undefined, 'xyz'],
      ['xyz', undefined],
      ['-', '-'],
      ['"3:"', ''],
      ['s1:x', 'y'],
      ['x', 's1:y'],
    ];
    for (const [a, b] of pairs)
      judge(cache, policy, contextOf(base.subject), record({ ...(a !== undefined && { a }), ...(b !== undefined && { b }) }));
    expect(asked).toHaveLength(pairs.length);
  });

  test('all of a value and a member of it are read: all of it is the key', () => {
    const { policy, asked } = counting([
      ['resource', 'properties'],
      ['resource', 'properties', 'name'],
    ]);
    const cache = DecisionCache.for(policy) as DecisionCache;
    for (const more of [1, 2]) judge(cache, policy, contextOf(base.subject), record({ name: 'n', more }));
    expect(asked).toHaveLength(2);
  });

  test('an absent object is as one without the members that are read', () => {
    const { policy, asked } = counting([
      ['resource', 'properties', 'facts', 'a'],
      ['resource', 'properties', 'facts', 'b'],
      ['resource', 'properties', 'name'],
    ]);
    const cache = DecisionCache.for(policy) as DecisionCache;
    const alike = [{ name: 'n' }, { facts: {}, name: 'n' }, { facts: 'text', name: 'n' }, { facts: null, name: 'n' }];
    for (const properties of alike) judge(cache, policy, contextOf(base.subject), record(properties));
    expect(asked).toHaveLength(1);
    judge(cache, policy, contextOf(base.subject), record({ facts: { b: 'n' } }));
    judge(cache, policy, contextOf(base.subject), record({ facts: { a: 'n' } }));
    expect(asked).toHaveLength(3);
  });

  test('a value that turns itself into another is keyed by what the engine reads', () => {
    const { policy, asked } = counting([['resource', 'properties', 'facts', 'level']]);
    const cache = DecisionCache.for(policy) as DecisionCache;
    for (const level of [1, 2])
      judge(cache, policy, contextOf(base.subject), record({ facts: { level: 0, toJSON: () => ({ level }) } }));
    expect(asked).toHaveLength(2);
  });
});

describe('a string is never taken for another kind of value', () => {
  const facts = { level: 0, toJSON: () => ({ level: 1 }) };
  test.each<[string, Policy['inputs'], unknown, unknown]>([
    ['a list', [['resource', 'properties', 'facts']], ['x'], '\0j["x"]'],
    ['an object', [['resource', 'properties', 'facts']], { a: 1 }, '\0j{"a":1}'],
    ['a string that is marked as one', [['resource', 'properties', 'facts']], '\0x', '\0s\0x'],
    ['a number', [['resource', 'properties', 'facts']], 1, '1'],
    ['a truth value', [['resource', 'properties', 'facts']], true, 'true'],
    ['null', [['resource', 'properties', 'facts']], null, 'null'],
    ['what is absent', [['resource', 'properties', 'facts']], undefined, 'undefined'],
    ['what turns itself into another value', [['resource', 'properties', 'facts', 'level']], facts, { level: '\0t{"level":1}' }],
  ])('%s', (_name, inputs, value, text) => {
    const { policy, asked } = counting(inputs);
    const cache = DecisionCache.for(policy) as DecisionCache;
    const context = contextOf(subjectOf('spiffe://a/x'));
    for (const facts of [value, text, value, text]) judge(cache, policy, context, record({ facts }));
    expect(asked).toHaveLength(2);
  });
});

test('a policy that is asked while another question is open leaves that question its own answer', () => {
  const { policy } = counting([['resource', 'properties', 'name']]);
  const cache = DecisionCache.for(policy) as DecisionCache;
  const context = contextOf(subjectOf('spiffe://a/x'));
  const decision = (reason: string): Decision => ({ allow: true, reasons: [reason], revision: 'one' });
  cache.decide(context, 'request', record({ name: 'outer' }), () => {
    cache.decide(context, 'request', record({ name: 'inner' }), () => decision('inner'));
    return decision('outer');
  });
  for (const name of ['inner', 'outer'])
    expect(cache.decide(context, 'request', record({ name }), () => decision('forgotten')).reasons).toEqual([name]);
});

test('what a policy throws is not remembered', () => {
  let broken = true;
  const { policy } = counting([['subject', 'id']], () => {
    if (broken) throw new Error('engine fault');
    return {};
  });
  const cache = DecisionCache.for(policy) as DecisionCache;
  expect(() => judge(cache, policy, contextOf(subjectOf('spiffe://a/x')), record())).toThrow('engine fault');
  broken = false;
  expect(judge(cache, policy, contextOf(subjectOf('spiffe://a/x')), record()).allow).toBe(true);
});

test('callers do not choose our memory: long values are judged each time, and the number of entries is bounded', () => {
  const { policy, asked } = counting([['resource', 'properties', 'name']]);
  const cache = DecisionCache.for(policy) as DecisionCache;
  const context = contextOf(subjectOf('spiffe://a/x'));
  const long = record({ name: 'n'.repeat(3000) });
  judge(cache, policy, context, long);
  judge(cache, policy, context, long);
  expect(asked).toHaveLength(2);
  for (let count = 0; count < 45_000; count += 1) judge(cache, policy, context, record({ name: String(count) }));
  expect(asked).toHaveLength(45_002);
  judge(cache, policy, context, record({ name: '44999' }));
  expect(asked).toHaveLength(45_002);
  judge(cache, policy, context, record({ name: '0' }));
  expect(asked).toHaveLength(45_003); // forgotten long ago
});

describe('the shipped policy', () => {
  let policy: Policy;
  beforeAll(async () => {
    policy = (await loadPolicy({ bundle: 'policies/dist/directory.tar.gz', data: 'integration/grants.yaml' })).current();
  });

  test('a key that lacks one of the inputs would be found out', () => {
    const lacking = (policy.inputs ?? []).filter((path) => path.join('.') !== 'resource.properties.name');
    const blind = DecisionCache.for({ ...policy, inputs: lacking }) as DecisionCache;
    const context = contextOf(
      subjectOf('spiffe://directory.example/publisher/acme'),
      '/agntcy.dir.store.v1.StoreService/Push',
      'write',
    );
    expect(judge(blind, policy, context, record({ name: 'directory.example/acme/a' })).allow).toBe(true);
    expect(judge(blind, policy, context, record({ name: 'directory.example/umbra/a' })).allow).toBe(true); // wrong, as it must be
    const whole = DecisionCache.for(policy) as DecisionCache;
    expect(judge(whole, policy, context, record({ name: 'directory.example/acme/a' })).allow).toBe(true);
    expect(judge(whole, policy, context, record({ name: 'directory.example/umbra/a' })).allow).toBe(false);
  });
});
