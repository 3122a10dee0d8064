import { expect, test } from 'vitest';
import type { DecisionInput } from '../gen/decision-input.js';
import type { DecisionEvent } from './decision-event.js';
import { createDecisionFormatter } from './decision-line.js';

const RUNS = 5000;
const TEXTS = [
  '',
  'a',
  '"',
  '\\',
  '\\"',
  '\n',
  '\u0000',
  '\u007f',
  'é',
  '\u2028',
  '\ud800',
  '😀',
  '</script>',
  '__proto__',
  'x'.repeat(300),
  '\\u0041',
  ',"allow":true',
];

/** Small, seeded, and good enough to pick from lists (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test('a line is the JSON text of the event, whatever was written before it', () => {
  const seed = Math.floor(Math.random() * 0x7fffffff);
  const random = randomOf(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const text = (): string => pick(TEXTS) + pick(TEXTS);
  const maybe = <T>(value: () => T): T | undefined => (random() < 0.5 ? value() : undefined);
  const subjects = Array.from({ length: 5 }, (): DecisionInput['subject'] => ({
    type: 'workload',
    id: text(),
    properties: {
      trust_domain: text(),
      path: [text()],
      credential: 'jwt-svid',
      federated: true,
      audience: [text()],
      claims: {},
      peer: null,
    },
  }));
  const actions = Array.from({ length: 5 }, (): DecisionInput['action'] => ({
    name: text(),
    properties: { service: text(), method: text(), class: 'read', phase: 'call' },
  }));
  const servers = Array.from({ length: 3 }, () => ({ id: text(), trust_domain: text() }));
  const value = (): unknown => pick([text(), [text(), text()], { [text()]: [text()] }, null, 1.5, true]);
  const input = (): DecisionInput => {
    const id = maybe(text);
    const address = maybe(text);
    return {
      subject: pick(subjects),
      action: pick(actions),
      resource: { type: text(), ...(id !== undefined && { id }), properties: { [text()]: value(), [text()]: value() } },
      context: {
        server: pick(servers),
        time_ms: Math.floor(random() * 4e12),
        ...(address !== undefined && { peer_address: address }),
      },
    };
  };
  const format = createDecisionFormatter({ labels: { id: 'l' } });
  for (let run = 0; run < RUNS; run += 1) {
    const reasons = Array.from({ length: Math.floor(random() * 3) }, text);
    const [id, revision, peerAddress, generation, rule, asked] = [
      text(),
      maybe(text),
      text(),
      maybe(() => run),
      maybe(text),
      input(),
    ];
    const time = Math.floor(random() * 4e12);
    const event: DecisionEvent = {
      ...{
        id,
        time,
        method: text(),
        step: 'call',
        allow: true,
        code: 'allowed',
        reasons,
        rule,
        generation,
        revision,
        peerAddress,
      },
      input: asked,
    };
    const expected = {
      labels: { id: 'l' },
      decision_id: id,
      path: 'directory/authz/decision',
      input: asked,
      result: { allow: true, reasons },
      bundles: revision === undefined ? undefined : { directory: { revision } },
      requested_by: peerAddress,
      timestamp: new Date(time).toISOString(),
      custom: { step: 'call', allow: true, code: 'allowed', generation, rule },
    };
    const line = format(event);
    if (!/^[\x20-\x7e]+$/.test(line)) throw new Error(`seed ${seed}: not ASCII: ${line}`);
    expect(JSON.parse(line), `seed ${seed}, run ${run}`).toEqual(JSON.parse(JSON.stringify(expected)));
  }
});
