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

/** Without a letter or a digit in its last part it is the regular expression for anything (`.*`), and the beginning of nothing. */
const plainTrustDomain = /^(?![._-]+$)[A-Za-z0-9._-]+$/;
const plainMethod = /^(?!(?:.*\/)?[._-]+$)[A-Za-z0-9._/-]+$/;
/** JavaScript and csv-parse take it for a blank, Go does not: there a line with one is another rule, or none. */
const byteOrderMark = '\ufeff';
const blank = /^(?!\ufeff)[\s\u0085]$/;

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
    const trimmed = trim(text);
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const columns = trimmed.includes(byteOrderMark) ? undefined : columnsOf(trimmed);
    const [type, trustDomain, method] = columns ?? [];
    if (columns?.length !== 3 || type !== 'p' || trustDomain === undefined || method === undefined) {
      problems.push({
        code: 'bad_line',
        line,
        message: trimmed.includes(byteOrderMark)
          ? 'holds a byte order mark, and the running Directory does not read it as it looks; take the mark out'
          : 'is no rule of the form p,<trust domain>,<method>, and the running Directory does not start with it; correct it or take it out',
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

/** As Go does. Not with an expression, which would take its time over many blanks. */
function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && blank.test(text.charAt(start))) start += 1;
  while (start < end && blank.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
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
