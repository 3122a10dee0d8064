import { type SearchRecordQuery, SearchRecordQueryType as Type } from '@dirgate/directory';
import { canonicalJson, compareCodePoints } from './canonical-json.js';
import { DirectoryError } from './directory-error.js';
import type { Locator, NamedEntry, RecordFacts } from './record-facts.js';
import { type TextMatcher, textMatcher } from './text-pattern.js';

/** Tells whether a record is a hit. */
export type RecordMatcher = (facts: RecordFacts) => boolean;

/**
 * Compiles search queries (directory-wire §2.6): queries of one type are alternatives, types must all hold, and whatever
 * an excluded value matches is out.
 *
 * @throws DirectoryError UNKNOWN for an id that is no number, UNIMPLEMENTED for VERIFIED, TRUSTED and SCAN_* queries.
 */
export function searchMatcher(queries: readonly SearchRecordQuery[]): RecordMatcher {
  const wanted = groups(queries.filter((query) => !query.negate)).map((values) => all(conditions(values, false)));
  const excluded = groups(queries.filter((query) => query.negate)).flatMap((values) => conditions(values, true));
  const hit = all(wanted);
  return (facts) => hit(facts) && !excluded.some((condition) => condition(facts));
}

/** Values by query type. */
type Values = ReadonlyMap<Type, readonly string[]>;

function groups(queries: readonly SearchRecordQuery[]): Values[] {
  const values = new Map<Type, string[]>();
  for (const { type, value } of queries) {
    values.set(type, [...(values.get(type) ?? []), value]);
  }
  return values.size > 0 ? [values] : [];
}

function all(conditions: readonly RecordMatcher[]): RecordMatcher {
  return (facts) => conditions.every((condition) => condition(facts));
}

function conditions(values: Values, exclude: boolean): RecordMatcher[] {
  const of = (type: Type) => values.get(type) ?? [];
  const unsupported = [Type.VERIFIED, Type.TRUSTED, Type.SCAN_SAFE, Type.SCAN_SEVERITY].find((type) => values.has(type));
  if (unsupported !== undefined) {
    throw new DirectoryError('UNIMPLEMENTED', `queries of type ${Type[unsupported]} are not supported`);
  }
  const scalar = (matcher: TextMatcher | undefined, read: (facts: RecordFacts) => string | undefined): RecordMatcher[] =>
    // A record that lacks the field is matched as an empty text, but never excluded.
    matcher ? [(facts) => (exclude && read(facts) === undefined ? false : matcher(read(facts) ?? ''))] : [];
  const entries = (ids: Type, names: Type, read: (facts: RecordFacts) => readonly NamedEntry[]): RecordMatcher[] => {
    const byId = of(ids).length > 0 ? idMatcher(of(ids)) : undefined;
    const byName = anyText(names === Type.MODULE_NAME ? notBlank(of(names)) : of(names));
    const tests = [byId && ((entry: NamedEntry) => byId(entry.id)), byName && ((entry: NamedEntry) => byName(entry.name))].filter(
      (test) => test !== undefined,
    );
    if (tests.length === 0) {
      return [];
    }
    // Wanted: one entry meets both. Excluded: meeting either is enough.
    return exclude
      ? tests.map((test) => (facts) => read(facts).some(test))
      : [(facts) => read(facts).some((entry) => tests.every((test) => test(entry)))];
  };
  return [
    ...scalar(anyText(of(Type.NAME)), (facts) => facts.name),
    ...scalar(anyText(notBlank(of(Type.DESCRIPTION))), (facts) => facts.description),
    ...scalar(rangeOrText(of(Type.VERSION)), (facts) => facts.version),
    ...scalar(rangeOrText(of(Type.SCHEMA_VERSION)), (facts) => facts.schemaVersion),
    ...scalar(rangeOrText(of(Type.CREATED_AT)), (facts) => facts.createdAt),
    ...scalar(
      anyText(of(Type.AUTHOR).map((value) => `*${value}*`)),
      (facts) => facts.authors && canonicalJson([...facts.authors]),
    ),
    ...entries(Type.SKILL_ID, Type.SKILL_NAME, (facts) => facts.skills),
    ...entries(Type.DOMAIN_ID, Type.DOMAIN_NAME, (facts) => facts.domains),
    ...entries(Type.MODULE_ID, Type.MODULE_NAME, (facts) => facts.modules),
    ...locatorCondition(of(Type.LOCATOR)),
    ...annotationCondition(of(Type.ANNOTATION)),
  ];
}

function notBlank(values: readonly string[]): readonly string[] {
  return values.filter((value) => value.trim() !== '');
}

function anyText(values: readonly string[]): TextMatcher | undefined {
  const matchers = values.map(textMatcher);
  return matchers.length > 0 ? (text) => matchers.some((matches) => matches(text)) : undefined;
}

/** Comparisons are plain and case-sensitive: neither versions nor dates. Together they are a range. */
function rangeOrText(values: readonly string[]): TextMatcher | undefined {
  const parsed = values.map((value) => /^(>=|<=|>|<|=)([\s\S]*)$/.exec(value) ?? value);
  const comparisons = parsed.flatMap((item) => (typeof item === 'string' ? [] : [comparison(item[1] ?? '', item[2] ?? '')]));
  const texts = anyText(parsed.filter((item) => typeof item === 'string'));
  if (comparisons.length === 0) {
    return texts;
  }
  return (text) => comparisons.every((holds) => holds(text)) || (texts?.(text) ?? false);
}

function comparison(operator: string, operand: string): TextMatcher {
  return (text) => {
    const order = compareCodePoints(text, operand);
    return (
      (order < 0 && operator.startsWith('<')) ||
      (order > 0 && operator.startsWith('>')) ||
      (order === 0 && operator.endsWith('='))
    );
  };
}

function idMatcher(values: readonly string[]): (id: number | undefined) => boolean {
  const ids = values.map((value) => {
    if (!/^\d{1,20}$/.test(value)) {
      throw new DirectoryError('UNKNOWN', 'a query for an id needs an unsigned decimal integer');
    }
    return Number(value);
  });
  return (id) => id !== undefined && ids.includes(id);
}

function locatorCondition(values: readonly string[]): RecordMatcher[] {
  const matchers = values.filter((value) => value.replace(':', '').trim() !== '').map(locatorMatcher);
  return matchers.length > 0 ? [(facts) => facts.locators.some((locator) => matchers.some((matches) => matches(locator)))] : [];
}

/** A type, a URL, or `type:url`; a value whose first colon belongs to a URL with a leading `*` is a URL. */
function locatorMatcher(value: string): (locator: Locator) => boolean {
  const colon = value.indexOf(':');
  if (value.startsWith('*') && (colon < 0 || value.includes('://'))) {
    const url = textMatcher(value);
    return (locator) => url(locator.url);
  }
  const [left, right] = colon < 0 ? [value, ''] : [value.slice(0, colon), value.slice(colon + 1)];
  const type = textMatcher(left.trim() === '' ? '*' : left);
  const url = textMatcher(right.trim() === '' ? '*' : right);
  return (locator) => type(locator.type) && url(locator.url);
}

/** Keys and values of all queries pool: one annotation with any of the keys and any of the values is enough. */
function annotationCondition(values: readonly string[]): RecordMatcher[] {
  const pairs = values.map((value) => /^([^:]*):?([\s\S]*)$/.exec(value)).filter((pair) => (pair?.[1] ?? '') !== '');
  if (pairs.length === 0) {
    return [];
  }
  const key = anyText(pairs.map((pair) => pair?.[1] ?? ''));
  const text = anyText(pairs.map((pair) => pair?.[2] ?? '').filter((value) => value !== ''));
  return [(facts) => [...facts.annotations].some(([name, value]) => (key?.(name) ?? true) && (text?.(value) ?? true))];
}
