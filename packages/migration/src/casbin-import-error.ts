/** Stable name of one cause of a {@link CasbinImportError}. */
export type CasbinProblemCode =
  /** No rule at all, which Casbin takes for leave to do everything. */
  | 'empty_policy'
  /** An empty column matches everything. */
  | 'empty_column'
  /** A column is no plain name, prefix or wildcard. */
  | 'not_plain'
  /** A line that is no rule `p,<trust domain>,<method>`. */
  | 'bad_line'
  /** A prefix or wildcard over trust domains, and nobody said which there are. */
  | 'trust_domains_needed'
  | 'too_large';

/** One thing in a policy file that cannot be imported. */
export interface CasbinProblem {
  readonly code: CasbinProblemCode;
  /** Counted from 1; `undefined`: the file as a whole. */
  readonly line?: number;
  /** One sentence or two: what is wrong, what the running Casbin makes of it, what to write instead. */
  readonly message: string;
}

/** What {@link importCasbin} throws: all that must be mended first. The message has a line for each problem. */
export class CasbinImportError extends Error {
  /** Always `CasbinImportError`. */
  override readonly name = 'CasbinImportError';
  /** In the order of the file; at least one. */
  readonly problems: readonly CasbinProblem[];

  constructor(problems: readonly CasbinProblem[]) {
    super(problems.map(({ line, message }) => (line === undefined ? message : `line ${line}: ${message}`)).join('\n'));
    this.problems = problems;
  }
}
