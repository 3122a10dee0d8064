import type { DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import { GuardError } from '../guard-error.js';
import type { ActionClass, Catalogue, MessageRule, MethodRule, Phase, ResourceRule } from './catalogue.js';
import { type DescriptorSource, servicesOf } from './catalogue-descriptors.js';
import { type PathUse, resolveFieldPath } from './field-path.js';

/** What a method does to which resources. Everything else follows from its descriptor. */
export interface MethodDeclaration {
  readonly class: ActionClass;
  /** How each request message is read. Without it the method is judged once, before any message. */
  readonly request?: ResourceRule | readonly ResourceRule[];
  /** How each response message is read. Without it responses are not judged. */
  readonly response?: ResourceRule | readonly ResourceRule[];
  readonly refusedMessage?: MethodRule['refusedMessage'];
}

/** What {@link createCatalogue} needs. */
export interface CatalogueOptions {
  readonly descriptors: DescriptorSource | readonly DescriptorSource[];
  /** By full service name and method name, as in the proto file. A method that is not here is refused. */
  readonly services: Readonly<Record<string, Readonly<Record<string, MethodDeclaration>>>>;
  /** Whether a method of these services without a rule is an error. It is refused either way. Default `false`. */
  readonly complete?: boolean;
}

const CLASSES: ReadonlySet<string> = new Set<ActionClass>(['read', 'search', 'write', 'delete', 'publish', 'sync', 'admin']);
const METHOD_KEYS = ['class', 'request', 'response', 'refusedMessage'];
const RESOURCE_KEYS = ['type', 'when', 'id', 'properties', 'constants', 'describedBy'];

/**
 * Builds the catalogue of services from their descriptors and a rule for each method. Every name and field path was
 * checked against the descriptors when it returns; whether a rule says what the method really does was not.
 *
 * @throws {GuardError} `config_invalid`, naming the method and the path
 */
export function createCatalogue({ descriptors, services, complete = false }: CatalogueOptions): Catalogue {
  const known = servicesOf([descriptors].flat());
  const catalogue = new Map<string, MethodRule>();
  for (const [serviceName, declarations] of Object.entries(services)) {
    const service = known.get(serviceName) ?? invalid(`service ${serviceName} is not among ${listed([...known.keys()])}`);
    for (const [name, declaration] of Object.entries(declarations)) {
      const path = `/${serviceName}/${name}`;
      catalogue.set(path, methodRule(methodOf(service, name), declaration, path));
    }
    requireAll(service, declarations, complete);
  }
  return catalogue;
}

function methodOf(service: DescService, name: string): DescMethod {
  const method = service.methods.find((candidate) => candidate.name === name);
  return method ?? invalid(`${service.typeName} has no method "${name}"; it has ${listed(service.methods.map((m) => m.name))}`);
}

function requireAll(service: DescService, declared: object, complete: boolean): void {
  const missing = service.methods.filter(({ name }) => !Object.hasOwn(declared, name)).map(({ name }) => name);
  if (complete && missing.length > 0) {
    invalid(`${service.typeName} has no rule for ${listed(missing)}: they would be refused`);
  }
}

function methodRule(method: DescMethod, declaration: MethodDeclaration, path: string): MethodRule {
  requireKeys(declaration, METHOD_KEYS, path);
  const { class: actionClass, request, response, refusedMessage } = declaration;
  if (!CLASSES.has(actionClass)) {
    invalid(`${path}: class must be one of ${[...CLASSES].join(', ')}`);
  }
  if (refusedMessage !== undefined && refusedMessage !== 'half-close' && refusedMessage !== 'cancel') {
    invalid(`${path}: refusedMessage must be "half-close" or "cancel"`);
  }
  const phases: Phase[] = ['call'];
  if (request !== undefined) phases.push('request');
  if (response !== undefined) phases.push('response');
  return {
    class: actionClass,
    phases,
    ...(request !== undefined && { request: messageRule(method.input, [request].flat(), `${path} request`) }),
    ...(response !== undefined && { response: messageRule(method.output, [response].flat(), `${path} response`) }),
    ...(refusedMessage !== undefined && { refusedMessage }),
  };
}

function messageRule(message: DescMessage, resources: readonly ResourceRule[], where: string): MessageRule {
  if (resources.length === 0) {
    invalid(`${where}: no resource rule, so that every message would be refused; leave it out to judge the call alone`);
  }
  resources.forEach((rule, index) => {
    checkRule(rule, message, where);
    if (rule.when === undefined && index < resources.length - 1) {
      invalid(`${where}: the rules behind "${rule.type}" never apply, as it has no \`when\`: put it last`);
    }
  });
  return { message, resources };
}

function checkRule(rule: ResourceRule, message: DescMessage, where: string): void {
  requireKeys(rule, RESOURCE_KEYS, where);
  const { type, when, id, properties = {}, constants = {}, describedBy } = rule;
  if (typeof type !== 'string' || type === '') {
    invalid(`${where}: a resource needs a type`);
  }
  const isRepeated = (path: string, use: PathUse = 'string'): boolean =>
    resolveFieldPath(message, path, use, `catalogue: ${where}`).repeated;
  if (when !== undefined) isRepeated(when, 'presence');
  if (id !== undefined) isRepeated(id);
  if (describedBy !== undefined && isRepeated(describedBy) && describedBy !== id) {
    invalid(`${where}: describedBy "${describedBy}" names several records, so it must be the same path as id`);
  }
  for (const path of Object.values(properties)) isRepeated(path, 'value');
  for (const name of Object.keys(properties)) {
    if (Object.hasOwn(constants, name)) {
      invalid(`${where}: "${name}" is a property and a constant: a caller's value would replace the constant`);
    }
  }
  for (const name of [...Object.keys(properties), ...Object.keys(constants)]) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) {
      invalid(`${where}: property "${name}" is not in snake_case, as policies name them`);
    }
  }
}

/** A misspelt key would leave out a check without a word. */
function requireKeys(value: object, keys: readonly string[], where: string): void {
  const unknown = Object.keys(value).filter((key) => !keys.includes(key));
  if (unknown.length > 0) {
    invalid(`${where}: unknown ${listed(unknown)}; it may have ${keys.join(', ')}`);
  }
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.map((name) => `"${name}"`).join(', ');
}

function invalid(message: string): never {
  throw new GuardError('config_invalid', `catalogue: ${message}`);
}
