import type { DecisionEvent } from '../decision-log/decision-event.js';
import type { DecisionInput } from '../gen/decision-input.js';

/** An input with every member that there is; the claims hold `canary`. */
export const decisionInput: DecisionInput = {
  subject: {
    type: 'workload',
    id: 'spiffe://home.example/agent/a1',
    properties: {
      trust_domain: 'home.example',
      path: ['agent', 'a1'],
      credential: 'jwt-svid',
      federated: false,
      audience: ['spiffe://home.example/server'],
      claims: { sub: 'spiffe://home.example/agent/a1', secret: 'canary' },
      peer: null,
    },
  },
  action: { name: '/a.B/C', properties: { service: 'a.B', method: 'C', class: 'write', phase: 'request' } },
  resource: { type: 'record', id: 'cid-1', properties: { name: 'acme/thing', skills: ['a', 'b'] } },
  context: {
    server: { id: 'spiffe://home.example/server', trust_domain: 'home.example' },
    time_ms: 1_800_000_000_001,
    peer_address: '192.0.2.1:7',
  },
};

/** A refusal by the policy. */
export const deniedEvent: DecisionEvent = {
  id: 'x-1',
  time: 1_800_000_000_042,
  method: '/a.B/C',
  step: 'request',
  allow: false,
  code: 'policy_denied',
  reasons: ['role_missing'],
  subject: decisionInput.subject.id,
  credential: 'jwt-svid',
  generation: 3,
  resource: { type: 'record', id: 'cid-1' },
  revision: 'r1',
  peerAddress: '192.0.2.1:7',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  input: decisionInput,
};

/** A caller whom nothing proved. */
export const unprovenEvent: DecisionEvent = {
  id: 'x-2',
  time: 1_800_000_000_042,
  method: '/a.B/C',
  step: 'authentication',
  allow: false,
  code: 'certificate_invalid',
  reasons: ['signature_invalid'],
  rule: 'X-17',
  peerAddress: '192.0.2.1:7',
};
