import type { CasbinRule } from './casbin-rules.js';

/** What is known of the Directory whose policy is imported. */
export interface KnownNames {
  readonly trustDomains: readonly string[];
  /** Full paths of every method that the Directory has. */
  readonly methods: readonly string[];
}

/** A rule that the running Casbin does not read as it was meant. */
export interface CasbinRuleReport {
  /** Counted from 1. */
  readonly line: number;
  /** The columns as they are written. */
  readonly rule: { readonly trustDomain: string; readonly method: string };
  /** What was imported. Empty lists: the rule means nothing that exists. */
  readonly meant: KnownNames;
  /** What the rule lets in beyond that, today. */
  readonly alsoToday: {
    /** Those of the known trust domains that the rule lets in though it does not mean them. */
    readonly trustDomains: readonly string[];
    /**
     * Every trust domain in which this regular expression (RE2) is found is let in, named or not, as soon as the Directory trusts it;
     * `undefined` when the rule means every trust domain.
     */
    readonly trustDomainsContaining: string | undefined;
    /** Trust domains that need not exist, to show what that lets in. */
    readonly examples: readonly string[];
    /** The methods that the rule lets in though it does not mean them. */
    readonly methods: readonly string[];
  };
}

/** `undefined` when Casbin reads the rule as it was meant, and it means something. */
export function reportOf(rule: CasbinRule, meant: KnownNames, known: KnownNames): CasbinRuleReport | undefined {
  const { trustDomain, method, line } = rule;
  const beyond = (names: readonly string[], column: CasbinRule['method']): readonly string[] =>
    names.filter((name) => column.letsIn(name) && !column.means(name));
  const alsoToday = {
    trustDomains: beyond(known.trustDomains, trustDomain),
    trustDomainsContaining: trustDomain.meaning?.kind === 'anything' ? undefined : trustDomain.text,
    examples: beyond(examplesOf(trustDomain.text.replaceAll('*', '')), trustDomain),
    methods: beyond(known.methods, method),
  };
  const asMeant = alsoToday.trustDomainsContaining === undefined && alsoToday.methods.length === 0;
  const meansSomething = meant.trustDomains.length > 0 && meant.methods.length > 0;
  return asMeant && meansSomething
    ? undefined
    : { line, rule: { trustDomain: trustDomain.text, method: method.text }, meant, alsoToday };
}

function examplesOf(name: string): readonly string[] {
  return [`sub.${name}`, `${name}.evil.test`, `my-${name}x`, name.replace('.', 'x')];
}
