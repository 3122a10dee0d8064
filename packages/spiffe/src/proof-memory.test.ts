import { expect, test } from 'vitest';
import { ProofMemory } from './proof-memory.js';
import { parseSpiffeId } from './spiffe-id.js';

const svidOf = (id: string, bundle: object) => ({ id: parseSpiffeId(id), validUntil: 10, bundle });

test('the first proof under another bundle ends those of its trust domain, and of no other', () => {
  const memory = new ProofMemory<string>(10);
  const [old, other, next] = [{}, {}, {}];
  memory.keep('a1', 1, svidOf('spiffe://a/1', old), 'proof a1');
  memory.keep('a2', 1, svidOf('spiffe://a/2', old), 'proof a2');
  memory.keep('b1', 1, svidOf('spiffe://b/1', other), 'proof b1');
  expect([memory.see('a1', 2)?.proof, memory.see('a2', 2)?.proof]).toEqual(['proof a1', 'proof a2']);
  memory.keep('a3', 3, svidOf('spiffe://a/3', next), 'proof a3');
  expect([memory.see('a1', 3)?.proof, memory.see('a2', 3)?.proof]).toEqual([undefined, undefined]);
  expect([memory.see('a3', 3)?.proof, memory.see('b1', 3)?.proof]).toEqual(['proof a3', 'proof b1']);
});

test('time does not run backwards, also when the proof is gone', () => {
  const memory = new ProofMemory<string>(10);
  memory.keep('a1', 5, svidOf('spiffe://a/1', {}), 'proof');
  expect(memory.see('a1', 3)?.seenAt).toBe(5);
  expect(memory.see('a1', 12)).toMatchObject({ seenAt: 12, validUntil: 10 });
  memory.keep('a2', 6, svidOf('spiffe://a/2', {}), 'proof');
  expect(memory.see('a1', 3)).toMatchObject({ seenAt: 12, validUntil: 10, proof: undefined });
});

test('what is known of a credential is one object, also when it is proven again', () => {
  const memory = new ProofMemory<string>(2);
  const bundle = {};
  const known = memory.keep('a1', 5, svidOf('spiffe://a/1', bundle), '1');
  expect(memory.keep('a1', 3, svidOf('spiffe://a/1', bundle), 'another')).toBe(known);
  expect(known).toMatchObject({ seenAt: 5, proof: 'another' });
  memory.see('a1', 7);
  expect(memory.see('a1', 1)).toBe(known);
  expect(known.seenAt).toBe(7);
});

test('what was presented least recently is forgotten first', () => {
  const memory = new ProofMemory<string>(2);
  const bundle = {};
  memory.keep('a1', 1, svidOf('spiffe://a/1', bundle), '1');
  memory.keep('a2', 1, svidOf('spiffe://a/2', bundle), '2');
  memory.see('a1', 1);
  memory.keep('a3', 1, svidOf('spiffe://a/3', bundle), '3');
  expect(['a1', 'a2', 'a3'].map((key) => memory.see(key, 1)?.proof)).toEqual(['1', undefined, '3']);
});
