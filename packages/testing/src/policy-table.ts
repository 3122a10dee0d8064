import { AssertionError } from 'node:assert';
import type { Policy } from '@dirgate/policy';
import { type ExpectedDecision, expectDecision } from './policy-expectation.js';
import { type DecisionQuestion, decisionInput, type QuestionCatalogue } from './policy-question.js';

/** A question, its answer, and what it is a case of. */
export interface DecisionRow extends DecisionQuestion, ExpectedDecision {
  /** Once in a table. */
  readonly note: string;
}

/**
 * Asks a policy each question of a table. Every row that is answered otherwise stands in the one error that is thrown.
 * A table must allow something and deny something: one that only denies is met by a policy that denies everything.
 *
 * @throws {AssertionError} when a row is answered otherwise, or the table cannot prove anything
 */
export function expectDecisions(
  policy: Pick<Policy, 'decide'>,
  catalogue: QuestionCatalogue,
  rows: readonly DecisionRow[],
): void {
  const problems = tableProblems(rows);
  for (const row of rows) {
    try {
      expectDecision(policy, decisionInput(row, catalogue)).toBe(row);
    } catch (error) {
      problems.push(`${row.note}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (problems.length > 0) {
    const message = `${problems.length} of ${rows.length} rows are not as the table says:\n- ${problems.join('\n- ')}`;
    throw new AssertionError({ message, operator: 'expectDecisions', stackStartFn: expectDecisions });
  }
}

function tableProblems(rows: readonly DecisionRow[]): string[] {
  const problems: string[] = [];
  if (!rows.some(({ allow }) => allow)) problems.push('no row allows: add one, or a policy that denies everything would do');
  if (!rows.some(({ allow }) => !allow)) problems.push('no row denies: add one, or a policy that allows everything would do');
  const notes = new Set<string>();
  for (const { note } of rows) {
    if (notes.has(note)) problems.push(`two rows are called ${JSON.stringify(note)}: name them apart`);
    notes.add(note);
  }
  return problems;
}
