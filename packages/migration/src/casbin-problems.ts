import type { CasbinColumn } from './casbin-column.js';
import type { CasbinProblem } from './casbin-import-error.js';
import type { CasbinRule } from './casbin-rules.js';
import type { KnownNames } from './rule-report.js';

/** What keeps rules from being imported, each with what the running Casbin makes of it today. */
export function problemsOf(
  rules: readonly CasbinRule[],
  known: KnownNames & { readonly badLines: number },
): readonly CasbinProblem[] {
  if (rules.length === 0 && known.badLines === 0) {
    const message =
      'the policy holds no rule, and today that lets every authenticated caller call every method; give the rules that are meant, or grant nothing';
    return [{ code: 'empty_policy', message }];
  }
  return rules.flatMap((rule) => [
    ...columnProblems(rule, 'trust domain', rule.trustDomain, known.trustDomains),
    ...columnProblems(rule, 'method', rule.method, known.methods),
    ...expansionProblems(rule, known),
  ]);
}

function columnProblems(
  { line }: CasbinRule,
  what: string,
  column: CasbinColumn,
  known: readonly string[],
): readonly CasbinProblem[] {
  if (column.text === '') {
    const message = `the ${what} column is empty, and today that lets in every ${what}; write the name that is meant, or *`;
    return [{ code: 'empty_column', line, message }];
  }
  if (column.meaning !== undefined) return [];
  const today = `today ${lettingIn(what, column, known)}`;
  const message = `the ${what} column ${JSON.stringify(column.text)} is no plain name, no name that ends in * and not *: ${today}; write a line for each ${what} that is meant`;
  return [{ code: 'not_plain', line, message }];
}

function expansionProblems({ line, trustDomain }: CasbinRule, known: KnownNames): readonly CasbinProblem[] {
  const { meaning } = trustDomain;
  if (meaning === undefined || meaning.kind === 'name' || known.trustDomains.length > 0) return [];
  const message = `the trust domain column ${JSON.stringify(trustDomain.text)} is about more than one trust domain, and grants name each; give the trust domains that the Directory trusts (trustDomains)`;
  return [{ code: 'trust_domains_needed', line, message }];
}

function lettingIn(what: string, column: CasbinColumn, known: readonly string[]): string {
  const { text, isBroken } = column;
  if (text.startsWith('*')) return `it lets in every ${what}`;
  const star = text.indexOf('*');
  if (isBroken && star < 0) return 'every call that gets as far as this column ends with INTERNAL';
  const beginning = star < 0 ? '' : ` that begins with ${JSON.stringify(text.slice(0, star))}`;
  const names = known.filter((name) => column.letsIn(name));
  const among = names.length > 0 ? `: ${names.join(', ')}` : ', which is none that is known';
  if (isBroken)
    return `it lets in every ${what}${beginning}${among}; every other call that gets as far as this column ends with INTERNAL`;
  return `it lets in every ${what}${beginning}${star < 0 ? '' : ', or'} in which this regular expression is found${among}`;
}
