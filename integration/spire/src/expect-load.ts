import assert from 'node:assert/strict';
import type { Caller } from '@dirgate/guard';
import type { GuardedDirectory } from './guarded-directory.js';
import type { StreamEnd } from './held-streams.js';
import type { Load, LoadAttempt } from './load.js';
import { starvedMs } from './starvation.js';

/** Whose calls a client's were. */
export interface CountedClient {
  readonly name: string;
  readonly id: string;
  readonly credential: Caller['credential'];
  /** How many handlers had run for it before the load. */
  readonly before: number;
}

/** What has to be known before a load starts so that its calls can be counted on the server. */
export function counting(directory: GuardedDirectory, name: string, id: string, credential: Caller['credential']): CountedClient {
  return { name, id, credential, before: directory.handled(id, credential) };
}

/**
 * Every call of a load that has stopped ended OK, the server refused nothing, and each client's calls are as many as the handlers that ran for
 * it: none was made twice, and none was lost and not counted. Of the refusals those after the first `refusalsBefore` count.
 */
export function expectNoFailure(
  load: Load,
  directory: GuardedDirectory,
  clients: readonly CountedClient[],
  refusalsBefore = 0,
): void {
  assert.equal(
    load.failures.length,
    0,
    `of ${load.attempts.length} calls ${load.failures.length} failed:\n${listed(load.failures)}`,
  );
  const refused = directory.refusals
    .slice(refusalsBefore)
    .map(({ step, code, reasons, subject }) => `${step} ${code} ${reasons} ${subject}`);
  assert.deepEqual(refused, [], 'the server refused');
  for (const { name, id, credential, before } of clients) {
    const made = load.attemptsOf(name);
    assert.ok(made > 0, `${name} made no call`);
    assert.equal(directory.handled(id, credential) - before, made, `the server did not handle as many calls as ${name} made`);
  }
}

/** A call may still be on its way when the end of its identity comes. */
const UNDERWAY_MS = 150;
/** What a call takes on a busy machine that nobody keeps waiting. */
const ANSWER_MS = 1_000;
/** An open stream ends within a second of its expiry or withdrawal (DESIGN §4.4). */
const STREAM_END_MS = 1_000;

function endOf(instant: number, endedAt: number): number {
  return instant + STREAM_END_MS + starvedMs(instant, endedAt);
}

/** Which calls of a load were to be denied from when on. */
export interface Denial {
  /** Default: all clients. */
  readonly client?: string;
  /** The last instant at which a call may start, in milliseconds since the epoch. */
  readonly last: number;
  /** The instant at which open streams are to end; default: `last`. */
  readonly streamsEnd?: number;
}

/** Every call went through that ended before `last`, or should have; none that started after it, and no stream outlived `streamsEnd`. */
export function expectDenied(load: Load, { client, last, streamsEnd = last }: Denial): void {
  const attempts = load.attempts.filter(({ lane }) => client === undefined || lane.startsWith(`${client} `));
  const [lastTime, streamsTime] = [last, streamsEnd].map((time) => new Date(time).toISOString());
  // What is not held open is answered at once; what hangs until the end has been refused as well.
  const early = attempts.filter(
    ({ lane, startedAt, endedAt }) =>
      endedAt < last - UNDERWAY_MS ||
      (!lane.endsWith(' bidi stream') && startedAt < last - ANSWER_MS - starvedMs(startedAt, last)),
  );
  const late = attempts.filter(({ startedAt }) => startedAt > last); // that instant itself is the last valid one
  assert.ok(early.length > 20 && late.length > 0, `${early.length} calls before and ${late.length} after it prove nothing`);
  const refused = early.filter(({ status }) => status !== 'OK');
  assert.equal(refused.length, 0, `before ${lastTime} were refused:\n${listed(refused)}`);
  const allowed = late.filter(({ status }) => status === 'OK');
  assert.equal(allowed.length, 0, `after ${lastTime} were allowed:\n${listed(allowed)}`);
  // One that began in the last instants may have asked for its token when there was none any more.
  const over = attempts.filter(
    ({ startedAt, endedAt }) => startedAt < last - UNDERWAY_MS && endedAt > endOf(streamsEnd, endedAt),
  );
  assert.equal(over.length, 0, `outlived ${streamsTime}:\n${listed(over)}`);
}

/** The streams that a client held open ended within a second of `instant`, not before, with one of `statuses`. */
export function expectStreamsEnded(
  ends: readonly StreamEnd[],
  { client, instant, statuses }: { client: string; instant: number; statuses: readonly LoadAttempt['status'][] },
): void {
  const own = ends.filter(({ stream }) => stream.startsWith(`${client} `));
  assert.equal(own.length, 2, `${client} held ${own.length} streams`);
  for (const { stream, endedAt, status, details } of own) {
    const afterMs = endedAt - instant;
    assert.ok(
      afterMs >= 0 && endedAt <= endOf(instant, endedAt),
      `${stream} ended ${afterMs} ms after its time: ${status} ${details}`,
    );
    assert.ok(statuses.includes(status), `${stream} ended with ${status} ${details}`);
  }
}

/**
 * The handlers that ran for a client are those of its calls that went through, and at most those of the calls that were under way
 * when the denial came: none of a call that began later.
 */
export function expectHandledUntil(load: Load, directory: GuardedDirectory, client: CountedClient, last: number): void {
  const { name, id, credential, before } = client;
  const made = load.attempts.filter(({ lane }) => lane.startsWith(`${name} `));
  const through = made.filter(({ status }) => status === 'OK').length;
  const underway = made.filter(({ status, startedAt }) => status !== 'OK' && startedAt <= last).length;
  const ran = directory.handled(id, credential) - before;
  const what = `${ran} handlers ran for ${name}, of whose calls ${through} went through and ${underway} were under way at the end`;
  assert.ok(ran >= through && ran <= through + underway, what);
}

function listed(failures: readonly LoadAttempt[]): string {
  return failures
    .slice(0, 20)
    .map(({ lane, startedAt, endedAt, status, details }) => {
      return `  ${new Date(startedAt).toISOString()} +${endedAt - startedAt} ms ${lane}: ${status} ${details}`;
    })
    .join('\n');
}
