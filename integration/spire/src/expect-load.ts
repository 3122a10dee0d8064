import assert from 'node:assert/strict';
import type { Caller } from '@dirgate/guard';
import type { GuardedDirectory } from './guarded-directory.js';
import type { Load, LoadAttempt } from './load.js';

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
 * it: none was made twice, and none was lost and not counted.
 */
export function expectNoFailure(load: Load, directory: GuardedDirectory, clients: readonly CountedClient[]): void {
  assert.equal(
    load.failures.length,
    0,
    `of ${load.attempts.length} calls ${load.failures.length} failed:\n${listed(load.failures)}`,
  );
  const refused = directory.refusals.map(({ step, code, reasons, subject }) => `${step} ${code} ${reasons} ${subject}`);
  assert.deepEqual(refused, [], 'the server refused');
  for (const { name, id, credential, before } of clients) {
    const made = load.attemptsOf(name);
    assert.ok(made > 0, `${name} made no call`);
    assert.equal(directory.handled(id, credential) - before, made, `the server did not handle as many calls as ${name} made`);
  }
}

/** A call may still be on its way when the end of its identity comes. */
const UNDERWAY_MS = 150;
/** An open stream ends within a second of its expiry (DESIGN §4.4). */
const STREAM_END_MS = 1_000;

/** Every call went through that ended before `notAfter`, none that started from there on, and no stream outlived it. */
export function expectDeniedFrom(load: Load, notAfter: number): void {
  const early = load.attempts.filter(({ endedAt }) => endedAt < notAfter - UNDERWAY_MS);
  const late = load.startedFrom(notAfter + 1); // that instant itself is the last valid one
  assert.ok(early.length > 20 && late.length > 0, `${early.length} calls before and ${late.length} after notAfter prove nothing`);
  const refused = early.filter(({ status }) => status !== 'OK');
  assert.equal(
    refused.length,
    0,
    `before notAfter, which is ${new Date(notAfter).toISOString()}, were refused:\n${listed(refused)}`,
  );
  const allowed = late.filter(({ status }) => status === 'OK');
  assert.equal(
    allowed.length,
    0,
    `after notAfter, which is ${new Date(notAfter).toISOString()}, were allowed:\n${listed(allowed)}`,
  );
  const over = load.attempts.filter(({ startedAt, endedAt }) => startedAt < notAfter && endedAt > notAfter + STREAM_END_MS);
  assert.equal(over.length, 0, `outlived notAfter, which is ${new Date(notAfter).toISOString()}:\n${listed(over)}`);
}

function listed(failures: readonly LoadAttempt[]): string {
  return failures
    .slice(0, 20)
    .map(({ lane, startedAt, endedAt, status, details }) => {
      return `  ${new Date(startedAt).toISOString()} +${endedAt - startedAt} ms ${lane}: ${status} ${details}`;
    })
    .join('\n');
}
