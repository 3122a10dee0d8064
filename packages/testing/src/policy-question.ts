import type { PolicyPhase } from '@dirgate/policy';
import { parseSpiffeId, type SpiffeId } from '@dirgate/spiffe';

/** May this caller do that? What is left out is what most callers are. */
export interface DecisionQuestion {
  /** The caller's SPIFFE ID. */
  readonly subject: string;
  /** The method in full, as `/package.Service/Method`. */
  readonly method: string;
  /** What one message names. Default: the service, as before any message. */
  readonly resource?: {
    readonly type: string;
    readonly id?: string;
    readonly properties?: Readonly<Record<string, unknown>>;
  };
  /** Default: `request` with a resource, `call` without one. */
  readonly phase?: PolicyPhase;
  /** Default `x509-svid`. */
  readonly credential?: 'x509-svid' | 'jwt-svid';
  /** Of a JWT-SVID. Default: none. */
  readonly audience?: readonly string[];
  /** Of a JWT-SVID. Default: none. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The SPIFFE ID of the X.509 workload that carries a JWT-SVID's call. Default: none. */
  readonly peer?: string;
  /** The server's SPIFFE ID. A caller of another trust domain is federated. Default: one in the caller's trust domain. */
  readonly server?: string;
  /** Milliseconds since the epoch. Default 0. */
  readonly timeMs?: number;
}

/** What a question needs to know of each method, by its full name. `directoryCatalogue` is one. */
export type QuestionCatalogue = ReadonlyMap<string, QuestionMethod>;

/** A method of a {@link QuestionCatalogue}. Where it tells what a guard asks about, a question about anything else is a mistake. */
export interface QuestionMethod {
  readonly class: string;
  readonly phases?: readonly string[];
  readonly request?: { readonly resources: readonly { readonly type: string }[] };
  readonly response?: { readonly resources: readonly { readonly type: string }[] };
}

/**
 * The input that a policy is given for a question, as the guard writes it (`policies/schemas/decision-input.schema.json`).
 *
 * @throws {TypeError} for what the guard would not ask about: a method that the catalogue does not have, a phase or a type of resource
 *   that the method does not
 * @throws {SpiffeError} for a subject, peer or server that is no SPIFFE ID
 */
export function decisionInput(question: DecisionQuestion, catalogue: QuestionCatalogue): object {
  const { method: name, resource, timeMs = 0 } = question;
  const rule = catalogue.get(name);
  if (rule === undefined) {
    throw new TypeError(`${name} is not in the catalogue; write the method in full, as /package.Service/Method`);
  }
  const subject = parseSpiffeId(question.subject);
  const server = parseSpiffeId(question.server ?? `spiffe://${subject.trustDomain.name}/server`);
  const [, service = '', method = ''] = name.split('/');
  const phase: PolicyPhase = question.phase ?? (resource === undefined ? 'call' : 'request');
  requireAsked(name, rule, phase, resource?.type ?? 'service');
  const peer = question.peer === undefined ? null : workload(parseSpiffeId(question.peer), server);
  return {
    subject: {
      type: 'workload',
      id: subject.toString(),
      properties: {
        ...factsOf(subject, server),
        credential: question.credential ?? 'x509-svid',
        audience: question.audience ?? [],
        claims: question.claims ?? {},
        peer,
      },
    },
    action: { name, properties: { service, method, class: rule.class, phase } },
    resource: resource === undefined ? { type: 'service', id: service, properties: {} } : { properties: {}, ...resource },
    context: {
      server: { id: server.toString(), trust_domain: server.trustDomain.name },
      time_ms: timeMs,
      peer_address: '127.0.0.1',
    },
  };
}

/** A denial of what nobody asks would prove nothing. */
function requireAsked(name: string, method: QuestionMethod, phase: PolicyPhase, type: string): void {
  const { phases = [phase] } = method;
  if (!phases.includes(phase)) {
    throw new TypeError(`${name} is never judged in phase ${phase}, only in ${phases.join(', ')}`);
  }
  const types = phase === 'call' ? ['service'] : (method[phase]?.resources.map((resource) => resource.type) ?? [type]);
  if (!types.includes(type)) {
    throw new TypeError(`${name} is never judged about a ${type} in phase ${phase}, only about a ${types.join(' or ')}`);
  }
}

function workload(id: SpiffeId, server: SpiffeId): object {
  return { id: id.toString(), ...factsOf(id, server) };
}

function factsOf(id: SpiffeId, server: SpiffeId): object {
  return {
    trust_domain: id.trustDomain.name,
    path: id.segments,
    federated: id.trustDomain.name !== server.trustDomain.name,
  };
}
