import type { Attempt, StatusName } from '@dirgate/harness';
import type { AuditLine } from './audit-reader.js';
import type { DemoWorld } from './demo-world.js';

/** What a row promises. */
export interface Expected {
  readonly status: StatusName;
  /** The reason code: the policy's, the broken SPIFFE rule's, or the guard's; from the audit trail. */
  readonly reason: string;
  /** The SPIFFE ID that the handler sees; `null`: no handler may run. */
  readonly handler: string | null;
}

/** One row of the table: a call by a real client. */
export interface Row {
  readonly who: string;
  readonly credential: string;
  readonly call: string;
  readonly expected: Expected;
  /** Makes the call. Throws when an answer that came is not the one that should have come. */
  run(): Promise<Attempt>;
}

/** What came of a row. */
export interface RowResult {
  readonly row: Row;
  readonly ok: boolean;
  readonly status: StatusName | 'FAILED';
  readonly reason: string;
  /** Who called the handlers that ran. */
  readonly handlers: readonly string[];
  readonly elapsedMs: number;
  /** Why the row is not as expected. */
  readonly problem?: string;
}

/** Runs one row and compares all that was observed: status, reason in the audit trail, who the handler saw. */
export async function runRow(world: DemoWorld, row: Row): Promise<RowResult> {
  world.handled.length = 0;
  const startedAt = performance.now();
  let attempt: Attempt;
  try {
    attempt = await row.run();
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { row, ok: false, status: 'FAILED', reason: '', handlers: [], elapsedMs: performance.now() - startedAt, problem };
  }
  const elapsedMs = performance.now() - startedAt;
  await world.directory.audit.flush();
  const reason = reasonOf(attempt, world.auditReader.readNew());
  const handlers = [...new Set(world.handled.map((caller) => caller.id.toString()))];
  const problem = differences(row.expected, { status: attempt.status, reason, handlers });
  const result = { row, status: attempt.status, reason, handlers, elapsedMs };
  return problem === '' ? { ...result, ok: true } : { ...result, ok: false, problem };
}

/** The audit line that the refused caller's decision id names; for a call that went through, its last decision. */
function reasonOf({ status, details }: Attempt, lines: readonly AuditLine[]): string {
  const line =
    status === 'OK' ? lines.findLast(({ allow }) => allow) : lines.find(({ id, allow }) => !allow && details.includes(id));
  // Refused before a byte left the client: the server has nothing to tell, the client's own error has the code.
  return line?.reasons.join(' ') ?? /\[([a-z_]+)\]/.exec(details)?.[1] ?? '';
}

function differences(expected: Expected, got: { status: string; reason: string; handlers: readonly string[] }): string {
  const handler = expected.handler === null ? '' : expected.handler;
  return [
    got.status === expected.status ? '' : `status ${got.status} instead of ${expected.status}`,
    got.reason === expected.reason ? '' : `reason "${got.reason}" instead of "${expected.reason}"`,
    got.handlers.join(' ') === handler ? '' : `handlers ran for [${got.handlers.join(', ')}] instead of [${handler}]`,
  ]
    .filter((part) => part !== '')
    .join('; ');
}
