import type { AuthenticatedCaller } from '../caller.js';
import type { MethodRule, Phase } from '../catalogue/catalogue.js';
import type { Resource } from '../catalogue/resources.js';
import { frozen } from '../frozen.js';
import type { DecisionInput } from '../gen/decision-input.js';

/** A method of the catalogue with all that its calls share. */
export interface Method {
  readonly path: string;
  readonly rule: MethodRule;
  readonly actions: Readonly<Record<Phase, DecisionInput['action']>>;
  /** The resource of phase `call`: the service itself. */
  readonly service: Resource;
}

/** What every decision about one call has in common. */
export interface DecisionContext {
  readonly caller: AuthenticatedCaller;
  readonly method: Method;
  readonly server: DecisionInput['context']['server'];
  readonly peerAddress: string;
}

/** Splits `/package.Service/Method` and writes the action of each phase once. */
export function createMethod(path: string, rule: MethodRule): Method {
  const [, service = '', method = ''] = path.split('/');
  const action = (phase: Phase): DecisionInput['action'] =>
    frozen({ name: path, properties: { service, method, class: rule.class, phase } });
  return {
    path,
    rule,
    actions: { call: action('call'), request: action('request'), response: action('response') },
    service: frozen({ type: 'service', id: service, properties: {} }),
  };
}

/** The policy input of one decision (AuthZEN information model). Its parts are shared, and frozen. */
export function createDecisionInput(
  { caller, method, server, peerAddress }: DecisionContext,
  phase: Phase,
  { type, id, properties }: Resource,
  now: number,
): DecisionInput {
  return {
    subject: caller.subject,
    action: method.actions[phase],
    resource: id === undefined ? { type, properties } : { type, id, properties },
    context: { server, time_ms: now, peer_address: peerAddress },
  };
}
