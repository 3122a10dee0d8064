import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type Document, isMap, isNode, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { Grants } from './gen/grants.js';
import { grantsSchema } from './gen/grants-schema.js';
import { PolicyError } from './policy-error.js';
import { FileProblem, readRegularFile } from './read-file.js';

const maxBytes = 8 * 1024 * 1024;

let validate: ValidateFunction<Grants> | undefined;

/** The grants, and the text that they were read from. */
export interface GrantsFile {
  readonly grants: Grants;
  readonly text: string;
}

/**
 * Reads a grants file, YAML 1.2 or JSON, and checks it against `policies/schemas/grants.schema.json`.
 * One document, no aliases, no tags, no key twice.
 *
 * @throws {PolicyError} `grants_unreadable`, `grants_bad_yaml`, `grants_invalid`, with the path and the line
 */
export async function readGrants(path: string): Promise<GrantsFile> {
  const text = await readText(path);
  const lines = new LineCounter();
  // The library's own check for a key that is there twice takes quadratic time: 10,000 grants, many seconds.
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, stringKeys: true, merge: false, strict: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const reason = problem.message.split('\n', 1)[0];
    throw new PolicyError('grants_bad_yaml', `${path}: ${reason}; correct the file`, { cause: problem });
  }
  checkNodes(document, lines, path);
  const grants = toValue(document, path);
  if (!isGrants(grants)) {
    const [error] = validate?.errors ?? [];
    throw new PolicyError(
      'grants_invalid',
      `${path}${error === undefined ? '' : explain(error, document, lines)}; correct the file`,
    );
  }
  return { grants, text };
}

/** Whether a value is grants by `policies/schemas/grants.schema.json`. A misspelt condition would be none at all. */
export function isGrants(value: unknown): value is Grants {
  // Compiled when first used: that takes longer than importing this package.
  validate ??= new Ajv({ strict: true, verbose: true }).compile<Grants>(grantsSchema);
  return validate(value);
}

async function readText(path: string): Promise<string> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readRegularFile(path, { maxBytes, followsLink: true });
  } catch (cause) {
    const reason = cause instanceof FileProblem ? cause.message : 'unknown';
    throw new PolicyError('grants_unreadable', `${path}: cannot be read (${reason}); check the path and its permissions`, {
      cause,
    });
  }
  if (bytes === undefined) throw new PolicyError('grants_invalid', `${path}: larger than ${maxBytes} bytes; use prefixes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new PolicyError('grants_bad_yaml', `${path}: not UTF-8 text; correct the file`, { cause });
  }
}

function checkNodes(document: Document.Parsed, lines: LineCounter, path: string): void {
  // Under YAML 1.1 merge keys are back, and more words are booleans and numbers.
  if (document.directives.yaml.version !== '1.2') {
    throw new PolicyError('grants_bad_yaml', `${path}: is not YAML 1.2; take the directive out`);
  }
  const place = (node: Node): string => `${path}${node.range ? `:${lines.linePos(node.range[0]).line}` : ''}`;
  visit(document, {
    Node(_, node) {
      const { tag } = node;
      if (tag !== undefined) throw new PolicyError('grants_bad_yaml', `${place(node)}: uses the tag ${tag}; take it out`);
      if (!isMap(node)) return;
      const seen = new Set<unknown>();
      for (const { key } of node.items) {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) {
          const where = isScalar(key) ? place(key) : path;
          throw new PolicyError('grants_bad_yaml', `${where}: ${JSON.stringify(name)} is there twice; join the two`);
        }
        seen.add(name);
      }
    },
  });
}

function toValue(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw new PolicyError('grants_bad_yaml', `${path}: uses an alias; write the value out`, { cause });
  }
}

function explain(error: ErrorObject, document: Document.Parsed, lines: LineCounter): string {
  const steps = error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const offset = faultyNode(error, document.getIn(steps, true))?.range?.[0];
  const line = offset === undefined ? '' : `:${lines.linePos(offset).line}`;
  const where = steps.length === 0 ? 'the file' : steps.join(' → ');
  return `${line}: ${where}: ${complaint(error)}`;
}

/** The key that is wrong where one is, not the map that it is in, which begins far above. */
function faultyNode({ propertyName, params }: ErrorObject, node: unknown): Node | undefined {
  const name = propertyName ?? (params as Readonly<Record<string, unknown>>)['additionalProperty'];
  const keys = isMap(node) ? node.items.map(({ key }) => key).filter((key) => isScalar(key)) : [];
  return keys.find(({ value }) => value === name) ?? (isNode(node) ? node : undefined);
}

function complaint({ keyword, message = 'not valid', params, parentSchema, propertyName }: ErrorObject): string {
  const details = params as Readonly<Record<string, unknown>>;
  if (keyword === 'additionalProperties') return `${JSON.stringify(details['additionalProperty'])} is no known member`;
  if (keyword === 'enum' && Array.isArray(details['allowedValues']))
    return `must be one of ${details['allowedValues'].join(', ')}`;
  const subject = propertyName === undefined ? '' : `${JSON.stringify(propertyName)} `;
  const description: unknown = parentSchema?.['description'];
  return keyword === 'pattern' && typeof description === 'string' ? `${subject}must be ${description}` : `${subject}${message}`;
}
