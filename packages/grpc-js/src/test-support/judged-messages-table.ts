import type { Describe } from '@dirgate/guard';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from './eventually.js';
import type { Shape } from './four-shapes.js';
import { PACES, type RefsCall, RefsWorld, type ServeRefs } from './refs-world.js';

type Messages = readonly (readonly string[])[];

interface Row {
  readonly shape: Shape;
  /** What the client sends, and what it is answered, when all of it is allowed. */
  readonly allowed: { readonly requests: Messages; readonly answers: Messages };
  /** Requests with a refused record in them: what reaches the handler, and what of it is answered. */
  readonly badRequest: { readonly requests: Messages; readonly seen: Messages; readonly answers: Messages };
  /** Requests, all allowed, that a refused answer follows: what is left of the answers, and how many were filtered. */
  readonly badResponse: { readonly requests: Messages; readonly answers: Messages; readonly filtered: number };
}

const rows: readonly Row[] = [
  {
    shape: 'unary',
    allowed: { requests: [['a', 'b']], answers: [['a', 'b']] },
    badRequest: { requests: [['a', 'bad', 'b']], seen: [], answers: [] },
    badResponse: { requests: [['a', 'bad', 'b']], answers: [], filtered: 1 },
  },
  {
    shape: 'client stream',
    allowed: { requests: [['a'], ['b', 'c']], answers: [['a', 'b', 'c']] },
    badRequest: { requests: [['a'], ['b', 'bad'], ['c']], seen: [['a']], answers: [] },
    badResponse: { requests: [['a'], ['bad'], ['c']], answers: [], filtered: 1 },
  },
  {
    shape: 'server stream',
    allowed: { requests: [['a', 'b+c']], answers: [['a'], ['b', 'c']] },
    badRequest: { requests: [['a', 'bad']], seen: [], answers: [] },
    badResponse: { requests: [['a', 'bad', 'b+bad', 'c']], answers: [['a'], ['c']], filtered: 2 },
  },
  {
    shape: 'bidi',
    allowed: { requests: [['a'], ['b', 'c']], answers: [['a'], ['b', 'c']] },
    badRequest: { requests: [['a'], ['b', 'bad'], ['c']], seen: [['a']], answers: [['a']] },
    badResponse: { requests: [['a'], ['bad'], ['b', 'bad'], ['c']], answers: [['a'], ['c']], filtered: 2 },
  },
];

const describers: Readonly<Record<string, Describe | undefined>> = {
  'at once': undefined,
  'after describe': ({ id }) => new Promise((resolve) => setImmediate(() => resolve({ name: id }))),
};

/** Defines the tests of {phase} × {allowed, refused} × {pace} × {verdict at once, late} for the shapes of one framework. */
export function describeJudgedMessages(serve: ServeRefs | undefined, shapes: readonly Shape[]): void {
  const tested = rows.filter(({ shape }) => shapes.includes(shape));
  describe.each(Object.entries(describers))('judged %s', (_when, describer) => {
    let world: RefsWorld;
    beforeAll(async () => {
      world = await RefsWorld.start(serve, describer && { describe: describer });
    });
    afterAll(() => world[Symbol.asyncDispose]());

    describe.each(tested)('$shape', (row) => {
      test.each(PACES)('%s handler', async (pace) => {
        world.pace = pace;
        const { shape } = row;
        const isStream = shape === 'server stream' || shape === 'bidi';
        const refuse = (phase: 'request' | 'response' | 'none'): void => {
          world.policy.rule = ({ action, resource }) => action.properties.phase !== phase || resource.id !== 'bad';
          for (const list of Object.values(world.log)) list.length = 0;
          world.events.length = 0;
          world.closeGate();
        };
        const refusals = () => world.events.filter(({ allow }) => !allow);
        /** How a call ends that nothing refused: by its handler, or by its client once all answers are there. */
        const end = async (call: RefsCall, answers: Messages): Promise<status> => {
          if (pace === 'endless') {
            await eventually(() => expect(call.answers).toEqual(isStream ? answers : []));
            await eventually(() => expect(world.log.messages.length).toBeGreaterThan(0));
            call.cancel();
          }
          const { code } = await call.ended;
          await eventually(() => expect(world.guard.liveCalls).toBe(0));
          return code === (pace === 'endless' ? status.CANCELLED : status.OK) ? status.OK : code;
        };

        // control: everything is allowed
        refuse('none');
        const allowed = world.call(shape, row.allowed.requests);
        await eventually(() => expect(world.log.messages).toEqual(row.allowed.requests));
        world.openGate();
        expect(await end(allowed, row.allowed.answers)).toBe(status.OK);
        if (pace !== 'endless') expect(allowed.answers).toEqual(row.allowed.answers);
        expect(refusals()).toEqual([]);

        // one record of a request is refused
        refuse('request');
        const unasked = world.call(shape, row.badRequest.requests);
        await eventually(() => expect(refusals()).toHaveLength(1));
        world.openGate();
        if (pace === 'endless' && shape === 'bidi') {
          await eventually(() => expect([unasked.answers, world.log.ended]).toEqual([row.badRequest.answers, ['bidi']]));
          unasked.cancel(); // that it would end by itself after five seconds is tested elsewhere
          await unasked.ended;
        } else {
          const { code, details } = await unasked.ended;
          expect(code).toBe(status.PERMISSION_DENIED);
          expect(details).toContain(refusals()[0]?.id);
        }
        expect(refusals()).toMatchObject([{ step: 'request', code: 'policy_denied', resource: { id: 'bad' } }]);
        await eventually(() => expect(world.guard.liveCalls).toBe(0));
        expect(unasked.answers).toEqual(row.badRequest.answers);
        expect(row.badRequest.seen).toEqual(expect.arrayContaining([...world.log.messages])); // no more than that
        if (shape === 'bidi') expect(world.log.messages).toEqual(row.badRequest.seen);
        if (shape === 'client stream') await eventually(() => expect(world.log.cancelled).toEqual([shape]));
        expect(world.log.started).toEqual(row.badRequest.seen.length === 0 ? [] : [shape]);
        expect(world.log.ended).toEqual(shape === 'bidi' ? [shape] : []);

        // one record of an answer is refused
        refuse('response');
        const before = world.guard.metrics().filteredResponses;
        const filtered = world.call(shape, row.badResponse.requests);
        await eventually(() => expect(world.log.messages).toEqual(row.badResponse.requests));
        world.openGate();
        const expected = isStream || pace === 'endless' ? status.OK : status.PERMISSION_DENIED;
        expect(await end(filtered, row.badResponse.answers)).toBe(expected);
        expect(filtered.answers).toEqual(row.badResponse.answers);
        expect(world.log.messages).toEqual(row.badResponse.requests);
        const count = isStream || pace !== 'endless' ? row.badResponse.filtered : 0; // what is never sent is not judged
        expect(world.guard.metrics().filteredResponses - before).toBe(count);
        const event = { step: 'response', allow: false, code: 'policy_denied', resource: { type: 'record', id: 'bad' } };
        expect(refusals()).toMatchObject(Array.from({ length: count }, () => event));
        if (expected !== status.OK) expect((await filtered.ended).details).toContain(refusals()[0]?.id);
      });
    });
  });
}
