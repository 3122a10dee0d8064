import { parse } from 'csv-parse/sync';
import { CasbinColumn } from './casbin-column.js';
import { CasbinImportError, type CasbinProblem } from './casbin-import-error.js';

/** One line `p,<trust domain>,<method>`. */
export interface CasbinRule {
  /** Counted from 1. */
  readonly line: number;
  readonly trustDomain: CasbinColumn;
  readonly method: CasbinColumn;
}

const maxBytes = 1024 * 1024;
const maxRules = 1000;

const plainTrustDomain = /^[A-Za-z0-9._-]+$/;
const plainMethod = /^[A-Za-z0-9._/-]+$/;

/**
 * Reads the lines as Casbin's file adapter does: each trimmed, blank lines and those that begin with `#` left out, blanks before a
 * field dropped. Columns may be empty or odd here; what is no rule of three columns becomes a problem.
 *
 * @throws {CasbinImportError} `too_large`
 */
export function readRules(csv: string): { readonly rules: readonly CasbinRule[]; readonly problems: readonly CasbinProblem[] } {
  if (Buffer.byteLength(csv) > maxBytes) throw tooLarge(`${maxBytes} bytes`);
  const rules: CasbinRule[] = [];
  const problems: CasbinProblem[] = [];
  for (const [index, text] of csv.split('\n').entries()) {
    const line = index + 1;
    const trimmed = text.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const columns = columnsOf(trimmed);
    const [type, trustDomain, method] = columns ?? [];
    if (columns?.length !== 3 || type !== 'p' || trustDomain === undefined || method === undefined) {
      problems.push({
        code: 'bad_line',
        line,
        message:
          'is no rule of the form p,<trust domain>,<method>, and the running Directory does not start with it; correct it or take it out',
      });
      continue;
    }
    if (rules.length >= maxRules) throw tooLarge(`${maxRules} rules`);
    rules.push({
      line,
      trustDomain: new CasbinColumn(trustDomain, plainTrustDomain),
      method: new CasbinColumn(method, plainMethod),
    });
  }
  return { rules, problems };
}

function columnsOf(line: string): readonly string[] | undefined {
  try {
    const records = parse(line, { ltrim: true, relax_column_count: true }) as unknown as readonly (readonly string[])[];
    return records.length === 1 ? records[0] : undefined;
  } catch {
    return undefined;
  }
}

function tooLarge(limit: string): CasbinImportError {
  return new CasbinImportError([{ code: 'too_large', message: `the policy is larger than ${limit}; import it in parts` }]);
}
