import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Grants } from './gen/grants.js';
import { grantsSchema } from './gen/grants-schema.js';

/** One mistake in the text of grants. Lines and columns count from 1. */
export interface GrantsProblem {
  readonly code: 'grants_bad_yaml' | 'grants_invalid';
  readonly line: number;
  readonly column: number;
  /** What is wrong and, unless that says it, what to change. One line. */
  readonly message: string;
}

/** Grants, or every mistake in them in the order of lines, and at least one. */
export type ParsedGrants = { readonly grants: Grants } | { readonly problems: readonly GrantsProblem[] };

/** A file that is wrong throughout has as many mistakes as lines. */
const maxProblems = 1_000;

let validate: ValidateFunction<Grants> | undefined;
let validateAll: ValidateFunction<Grants> | undefined;

/** Whether a value is grants by `policies/schemas/grants.schema.json`. A misspelt condition would be none at all. */
export function isGrants(value: unknown): value is Grants {
  // Compiled when first used: that takes longer than importing this package.
  validate ??= new Ajv({ strict: true }).compile<Grants>(grantsSchema);
  return validate(value);
}

/**
 * Parses grants, YAML 1.2 or JSON, and checks them against `policies/schemas/grants.schema.json`. One document, no aliases,
 * no tags, no key twice.
 */
export function parseGrants(text: string): ParsedGrants {
  try {
    return parse(text);
  } catch (error) {
    // What reads it goes down into it step by step.
    if (!(error instanceof RangeError)) throw error;
    return { problems: [{ code: 'grants_bad_yaml', line: 1, column: 1, message: 'it nests too deeply' }] };
  }
}

function parse(text: string): ParsedGrants {
  const lines = new LineCounter();
  // The library's own check for a key that is there twice takes quadratic time: 10,000 grants, many seconds.
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, stringKeys: true, merge: false, strict: true });
  const problems = syntaxProblems(document, lines);
  if (problems.length > 0) return { problems: inOrder(problems) };
  const grants: unknown = document.toJS({ maxAliasCount: 0 });
  return isGrants(grants) ? { grants } : { problems: inOrder(schemaProblems(grants, document, lines)) };
}

function syntaxProblems(document: Document.Parsed, lines: LineCounter): readonly GrantsProblem[] {
  const problems: GrantsProblem[] = [...document.errors, ...document.warnings].map(({ message, pos: [offset] }) => {
    // The first line, without the place, which follows from the offset.
    const [reason = ''] = message.split(/ at line \d+, column \d+:\n|\n/, 1);
    const isDeep = reason.startsWith('Maximum call stack');
    return { code: 'grants_bad_yaml', ...placeOf(offset, lines), message: isDeep ? 'it nests too deeply' : reason };
  });
  // What could not be parsed says nothing of what it holds.
  if (problems.length > 0) return problems;
  const add = (offset: number | undefined, message: string): void => {
    problems.push({ code: 'grants_bad_yaml', ...placeOf(offset, lines), message });
  };
  // Under YAML 1.1 merge keys are back, and more words are booleans and numbers.
  if (document.directives.yaml.version !== '1.2') add(0, 'this is not YAML 1.2; take the directive out');
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) add(node.range?.[0], 'this is an alias; write the value out');
      else if (node.tag !== undefined) add(node.range?.[0], `this has the tag ${shown(node.tag)}; take it out`);
      if (!isMap(node)) return;
      const seen = new Set<unknown>();
      for (const { key } of node.items) {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) add(isNode(key) ? key.range?.[0] : undefined, `${shown(name)} is there twice; join the two`);
        seen.add(name);
      }
    },
  });
  return problems;
}

function schemaProblems(grants: unknown, document: Document.Parsed, lines: LineCounter): readonly GrantsProblem[] {
  validateAll ??= new Ajv({ strict: true, verbose: true, allErrors: true }).compile<Grants>(grantsSchema);
  validateAll(grants);
  // That a name is wrong is said by what it should be.
  const errors = (validateAll.errors ?? []).filter(({ keyword }) => keyword !== 'propertyNames');
  const offsets = new Map<string, Offsets>();
  addOffsets(document.contents, '', offsets);
  return errors.slice(0, maxProblems).map((error) => {
    const { instancePath, propertyName, params } = error;
    const name = propertyName ?? (params as Readonly<Record<string, unknown>>)['additionalProperty'];
    // The key that is wrong where one is, not the map that it is in, which begins far above.
    const offset = typeof name === 'string' ? offsets.get(pointer(instancePath, name))?.key : offsets.get(instancePath)?.value;
    const steps = instancePath.split('/').slice(1).map(unescaped);
    const where = steps.length === 0 ? 'the file' : steps.join(' → ');
    return { code: 'grants_invalid', ...placeOf(offset, lines), message: `${where}: ${complaint(error)}` };
  });
}

/** Where a value begins in the text, and the key that it stands under. */
interface Offsets {
  readonly key: number | undefined;
  readonly value: number | undefined;
}

/** The offsets of all values below one, by their JSON pointers. */
function addOffsets(node: unknown, path: string, offsets: Map<string, Offsets>, key?: number): void {
  offsets.set(path, { key, value: isNode(node) ? node.range?.[0] : key });
  if (isMap(node)) {
    for (const { key: name, value } of node.items) {
      if (isScalar(name)) addOffsets(value, pointer(path, String(name.value)), offsets, name.range?.[0]);
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) addOffsets(item, pointer(path, String(index)), offsets);
  }
}

function pointer(path: string, step: string): string {
  return `${path}/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** A step of a pointer as it may stand in a message. */
function unescaped(step: string): string {
  const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^[!-~]{1,100}$/.test(name) ? name : shown(name);
}

function complaint({ keyword, message = 'not valid', params, parentSchema, propertyName, data }: ErrorObject): string {
  const details = params as Readonly<Record<string, unknown>>;
  const subject = propertyName === undefined ? '' : `${shown(propertyName)} `;
  switch (keyword) {
    case 'additionalProperties':
      return `${shown(details['additionalProperty'])} is no known member; there are ${namesOf(parentSchema?.['properties'])}`;
    case 'enum':
      return `${shown(data)} must be one of ${String(details['allowedValues']).replaceAll(',', ', ')}`;
    case 'pattern':
      return `${subject}must be ${String(parentSchema?.['description'] ?? details['pattern'])}`;
    case 'required':
      return `it has no ${String(details['missingProperty'])}; add them`;
    case 'minItems':
      return 'it is empty; fill it, or take it out';
    case 'uniqueItems':
      return `it holds ${shown(Array.isArray(data) ? data[Number(details['i'])] : undefined)} twice; take one out`;
    case 'type':
      return details['type'] === 'string' ? 'must be a string; put it into quotes' : `must be ${String(details['type'])}`;
    default:
      return `${subject}${message}`;
  }
}

function namesOf(properties: unknown): string {
  return Object.keys(properties as object).join(', ');
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200);
}

function placeOf(offset: number | undefined, lines: LineCounter): { readonly line: number; readonly column: number } {
  const { line, col } = lines.linePos(offset ?? 0);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function inOrder(problems: readonly GrantsProblem[]): readonly GrantsProblem[] {
  return [...problems].sort((one, other) => one.line - other.line || one.column - other.column);
}
