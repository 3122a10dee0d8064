import { directoryCatalogue } from '@dirgate/directory';
import type { Grants } from '@dirgate/policy';
import { parseTrustDomain } from '@dirgate/spiffe';
import { CasbinImportError } from './casbin-import-error.js';
import { problemsOf } from './casbin-problems.js';
import { type CasbinRule, readRules } from './casbin-rules.js';
import { grantsForMethods } from './grants-for-methods.js';
import { type CasbinRuleReport, reportOf } from './rule-report.js';

/** What {@link importCasbin} may be told. */
export interface ImportCasbinOptions {
  /**
   * The trust domains that the Directory trusts, its own and the federated ones. Needed for rules about a prefix or about every trust
   * domain (`*`), because grants name each trust domain; and the report tells which of these a rule lets in beyond what was meant.
   */
  readonly trustDomains?: readonly string[];
}

/** A Casbin policy as grants. */
export interface CasbinImport {
  /** What was meant: whole names only. For the grants file of `loadPolicy` with the shipped bundle. */
  readonly grants: Grants;
  /** One entry for each rule that the running Casbin reads more widely than that, or that says nothing; in the order of the file. */
  readonly report: readonly CasbinRuleReport[];
}

/**
 * Turns the Casbin policy file of the Go Directory (`authz_policies.csv`) into grants as they were meant: a name is that name and not what
 * contains it. Whatever the grants allow, Casbin allows; what Casbin allows beyond it, of the methods that a Directory has, is in the report.
 * Pure: no I/O. Not checked: whether the trust domains exist.
 *
 * @throws {CasbinImportError} with every line that must be mended first, and what it lets in today: an empty file, an empty column, a
 * column that is no plain name, prefix or wildcard, a line that is no rule
 * @throws {SpiffeError} for one of `trustDomains` that is no name of a trust domain
 */
export function importCasbin(csv: string, { trustDomains = [] }: ImportCasbinOptions = {}): CasbinImport {
  const known = [...new Set(trustDomains.map((name) => parseTrustDomain(name).name))];
  const methods = [...directoryCatalogue.keys()];
  const { rules, problems } = readRules(csv);
  const all = [...problems, ...problemsOf(rules, { trustDomains: known, methods, badLines: problems.length })].sort(
    (one, other) => (one.line ?? 0) - (other.line ?? 0),
  );
  if (all.length > 0) throw new CasbinImportError(all);

  const granted = new Map<string, Set<string>>();
  const report: CasbinRuleReport[] = [];
  for (const rule of rules) {
    const meant = {
      trustDomains: trustDomainsOf(rule, known),
      methods: methods.filter((method) => rule.method.means(method)),
    };
    for (const trustDomain of meant.trustDomains) {
      const set = granted.get(trustDomain) ?? new Set();
      for (const method of meant.methods) set.add(method);
      granted.set(trustDomain, set);
    }
    const entry = reportOf(rule, meant, { trustDomains: known, methods });
    if (entry !== undefined) report.push(entry);
  }
  return { grants: toGrants(granted), report };
}

/** A name is granted whether or not it is known; only a valid one can ever be a caller's. */
function trustDomainsOf({ trustDomain }: CasbinRule, known: readonly string[]): readonly string[] {
  if (trustDomain.meaning?.kind !== 'name') return known.filter((name) => trustDomain.means(name));
  try {
    return [parseTrustDomain(trustDomain.meaning.name).name];
  } catch {
    return [];
  }
}

function toGrants(granted: ReadonlyMap<string, ReadonlySet<string>>): Grants {
  const entries = [...granted]
    .filter(([, methods]) => methods.size > 0)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([trustDomain, methods]) => [trustDomain, grantsForMethods(methods)] as const);
  return entries.length === 0 ? {} : { trust_domains: Object.fromEntries(entries) };
}
