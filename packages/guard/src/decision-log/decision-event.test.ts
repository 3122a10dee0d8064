import { expect, test } from 'vitest';
import { deniedEvent as event } from '../test-support/decision-events.js';
import { combineDecisionSinks, type DecisionEvent } from './decision-event.js';

test('several sinks are all told, whatever one of them does', async () => {
  const told: DecisionEvent[] = [];
  const sink = combineDecisionSinks(
    () => {
      throw new Error('canary');
    },
    async () => Promise.reject(new Error('canary')),
    (event) => told.push(event),
  );
  sink(event);
  expect(told).toEqual([event]);
  await new Promise((resolve) => setImmediate(resolve)); // an unhandled rejection would end the run
});

test('a sink cannot change what the others are told', () => {
  const attack = (what: (event: { -readonly [name in keyof DecisionEvent]: DecisionEvent[name] }) => void): DecisionEvent => {
    const told: DecisionEvent[] = [];
    const own = { ...event, reasons: ['role_missing'], resource: { type: 'record', id: 'cid-1' }, shadow: { revision: 'x' } };
    combineDecisionSinks(what, (after) => told.push(after))(own);
    return told[0] as DecisionEvent;
  };
  const untouched = attack(() => undefined);
  expect(untouched).toMatchObject({ allow: false, code: 'policy_denied', reasons: ['role_missing'], resource: { id: 'cid-1' } });
  for (const changed of [
    attack((it) => {
      it.allow = true;
    }),
    attack((it) => {
      delete it.subject;
    }),
    attack((it) => (it.reasons as string[]).push('forged')),
    attack((it) => Object.assign(it.resource ?? {}, { id: 'forged' })),
    attack((it) => Object.assign(it.shadow ?? {}, { allow: true })),
  ])
    expect(changed).toEqual(untouched);
});
