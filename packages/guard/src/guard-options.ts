import type { PolicySource } from '@dirgate/policy';
import { type IdentitySource, parseTrustDomain, type TrustDomain } from '@dirgate/spiffe';
import type { AcceptMode } from './authentication/authenticator.js';
import type { Catalogue } from './catalogue/catalogue.js';
import type { MessageGenerator } from './catalogue/message-generator.js';
import type { Describe, DescribeLimits } from './decision/describe.js';
import type { ShadowOptions } from './decision/shadow-policy.js';
import type { DecisionSink } from './decision-log/decision-event.js';
import { GuardError } from './guard-error.js';

/** What `createGuard` needs. */
export interface GuardOptions {
  /** The server's own identity and the bundles of those it trusts. */
  readonly identity: IdentitySource;
  /** Without a current policy every call is refused with UNAVAILABLE. */
  readonly policy: PolicySource;
  readonly accept: AcceptMode;
  /** Who the server is, as tokens name it: any of these, exactly. Required unless `accept` is `x509`. */
  readonly audience?: readonly string[];
  /** The methods that may be called at all. */
  readonly catalogue: Catalogue;
  /** What made the code of the server's messages; default `protobuf-es`. */
  readonly messages?: MessageGenerator;
  /** The server's trust domain; default: that of its own X509-SVID. */
  readonly trustDomain?: string;
  /** Facts about resources that messages name by id alone. Without it those facts are missing from the policy input. */
  readonly describe?: Describe;
  readonly describeLimits?: DescribeLimits;
  readonly streams?: {
    /**
     * How long an open stream may outlive the expiry of its identity; default 0, at most one hour. A withdrawal ends
     * it at once all the same.
     */
    readonly afterExpiryMs?: number;
  };
  /** Clock skew that is forgiven to tokens; default 5,000, at most 60,000. */
  readonly leewayMs?: number;
  /** Told of every decision and of every failed authentication. */
  readonly onDecision?: DecisionSink;
  /** A second policy that is asked too and decides nothing; where it differs `onDecision` is told. Costs an evaluation each. */
  readonly shadow?: ShadowOptions;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly clock?: () => number;
}

const MAX_AFTER_EXPIRY_MS = 3_600_000;
const MAX_LEEWAY_MS = 60_000;
const MODES: ReadonlySet<string> = new Set<AcceptMode>(['x509', 'jwt', 'either', 'both']);

/** The server's trust domain. @throws {GuardError} `config_invalid` */
export function homeOf({ identity, trustDomain }: GuardOptions): TrustDomain {
  const own = identity.x509Svid()?.id.trustDomain;
  if (trustDomain === undefined) {
    if (own === undefined) {
      throw new GuardError('config_invalid', 'the server has no X509-SVID yet: give `trustDomain`, or wait for the identity');
    }
    return own;
  }
  const home = readTrustDomain(trustDomain);
  if (own !== undefined && !own.equals(home)) {
    throw new GuardError('config_invalid', `trustDomain is ${home.name}, but the server's own SVID is of ${own.name}`);
  }
  return home;
}

function readTrustDomain(name: string): TrustDomain {
  try {
    return parseTrustDomain(name);
  } catch (cause) {
    throw new GuardError('config_invalid', `trustDomain is not a trust domain name: ${JSON.stringify(name)}`, { cause });
  }
}

/** Refuses options that could not work or would weaken a check. @throws {GuardError} `config_invalid` */
export function checkOptions({ accept, audience = [], catalogue, streams, describeLimits, leewayMs }: GuardOptions): void {
  if (!MODES.has(accept)) {
    throw new GuardError('config_invalid', `accept must be one of ${[...MODES].join(', ')}; got ${JSON.stringify(accept)}`);
  }
  if (accept !== 'x509' && (audience.length === 0 || audience.some((value) => value === ''))) {
    throw new GuardError('config_invalid', `accept "${accept}" takes tokens: name at least one audience that they must be for`);
  }
  if (catalogue.size === 0) {
    throw new GuardError('config_invalid', 'the catalogue is empty: no method could be called');
  }
  requireRange('leewayMs', leewayMs, 0, MAX_LEEWAY_MS);
  requireRange('streams.afterExpiryMs', streams?.afterExpiryMs, 0, MAX_AFTER_EXPIRY_MS);
  requireRange('describeLimits.timeoutMs', describeLimits?.timeoutMs, 1, 60_000);
  requireRange('describeLimits.maxInFlight', describeLimits?.maxInFlight, 1, 1_000_000);
}

function requireRange(name: string, value: number | undefined, min: number, max: number): void {
  if (value !== undefined && !(value >= min && value <= max)) {
    throw new GuardError('config_invalid', `${name} must be between ${min} and ${max}; got ${value}`);
  }
}
