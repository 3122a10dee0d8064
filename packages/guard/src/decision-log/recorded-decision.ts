import type { PolicyPhase } from '@dirgate/policy';

/** What a policy answered. */
export interface RecordedAnswer {
  readonly allow: boolean;
  readonly reasons: readonly string[];
  readonly revision?: string | undefined;
}

/** One line of a decision log, as far as it can be judged again. */
export type RecordedLine =
  | { readonly kind: 'bad'; readonly reason: string }
  /** No policy was asked: a failed authentication, an unknown method, a word about a shadow policy. */
  | { readonly kind: 'other' }
  | {
      readonly kind: 'decision';
      readonly id: string;
      readonly timestamp: string;
      /** `undefined`: erased. */
      readonly input: Readonly<Record<string, unknown>> | undefined;
      readonly phase: PolicyPhase | undefined;
      /** Paths below `input` at which it is not what it was. */
      readonly changed: readonly (readonly string[])[];
      /** The service knew facts about the resource that are not in `input`. */
      readonly undescribed: boolean;
      /** `undefined`: erased or masked. */
      readonly before: RecordedAnswer | undefined;
      readonly subject: string | undefined;
      readonly method: string | undefined;
      readonly resource: string | undefined;
    };

type JsonObject = Readonly<Record<string, unknown>>;

const PATH = /^\/?directory\/authz\/decision$/;
const PHASES: readonly string[] = ['call', 'request', 'response'] satisfies readonly PolicyPhase[];

/** Reads one line, of our log or of OPA's own for the same policy. Never throws. */
export function readRecordedLine(text: string): RecordedLine {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    return bad('it is not JSON');
  }
  if (!isObject(event) || typeof event['decision_id'] !== 'string') {
    return bad('it is no decision: it has no decision_id');
  }
  const custom = isObject(event['custom']) ? event['custom'] : {};
  const path = event['path'];
  if (custom['step'] === 'shadow' || typeof path !== 'string' || !PATH.test(path)) {
    return { kind: 'other' };
  }
  const pointers: unknown = [event['erased'] ?? [], event['masked'] ?? []].flat();
  if (!isTexts(pointers)) {
    return bad('it does not say rightly what was erased or masked');
  }
  const { input } = event;
  const inputErased = pointers.some((pointer) => pointer === '/input');
  if (!isObject(input) && !inputErased) {
    return bad('it has no input, and does not say that it was erased');
  }
  const before = beforeOf(event, custom, pointers);
  if (before === 'odd') {
    return bad('its result is not of the form {allow, reasons}');
  }
  const phase = textAt(input, 'action', 'properties', 'phase');
  const type = textAt(input, 'resource', 'type') ?? textAt(custom, 'resource', 'type');
  const resourceId = textAt(input, 'resource', 'id') ?? textAt(custom, 'resource', 'id');
  return {
    kind: 'decision',
    id: event['decision_id'],
    timestamp: textAt(event, 'timestamp') ?? '',
    input: isObject(input) && !inputErased ? input : undefined,
    phase: PHASES.includes(phase ?? '') ? (phase as PolicyPhase) : undefined,
    changed: pointers.filter((pointer) => pointer.startsWith('/input/')).map(readPath),
    undescribed: custom['undescribed'] === true,
    before,
    subject: textAt(input, 'subject', 'id') ?? textAt(custom, 'subject'),
    method: textAt(input, 'action', 'name') ?? textAt(custom, 'method'),
    resource: type === undefined ? undefined : `${type}${resourceId === undefined ? '' : ` ${resourceId}`}`,
  };
}

function beforeOf(event: JsonObject, custom: JsonObject, pointers: readonly string[]): RecordedAnswer | 'odd' | undefined {
  if (pointers.some((pointer) => /^\/result(?:\/|$)/.test(pointer))) {
    return undefined;
  }
  const { result } = event;
  const revision = revisionOf(event['bundles']);
  if (result === undefined && event['error'] !== undefined) {
    const code = custom['code'];
    return { allow: false, reasons: [typeof code === 'string' ? code : 'policy_failed'], revision };
  }
  if (!isObject(result) || typeof result['allow'] !== 'boolean' || !isTexts(result['reasons'])) {
    return 'odd';
  }
  return { allow: result['allow'], reasons: result['reasons'], revision };
}

function revisionOf(bundles: unknown): string | undefined {
  const [bundle] = isObject(bundles) ? Object.values(bundles) : [];
  return textAt(bundle, 'revision');
}

/**
 * Ends where it is not sure any more what was changed: an element of a list moves when one before it is removed, and OPA
 * escapes names in another way (`%`) than JSON pointers do (`~`).
 */
function readPath(pointer: string): readonly string[] {
  const path = pointer.slice('/input/'.length).split('/');
  const unsure = path.findIndex((name) => /^\d+$|[%~]/.test(name));
  return unsure === -1 ? path : path.slice(0, unsure);
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  let found = value;
  for (const name of path) {
    found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return typeof found === 'string' ? found : undefined;
}

function bad(reason: string): RecordedLine {
  return { kind: 'bad', reason };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
