// Generated from policies/schemas/decision-input.schema.json by npm run policy:build. Do not edit.

/**
 * What a policy is asked about one call or one message (AuthZEN information model).
 */
export interface DecisionInput {
  readonly subject: DecisionSubject;
  readonly action: DecisionAction;
  readonly resource: DecisionResource;
  readonly context: DecisionContext;
}
/**
 * The authenticated caller.
 */
export interface DecisionSubject {
  readonly type: 'workload';
  /**
   * The caller's SPIFFE ID.
   */
  readonly id: string;
  readonly properties: DecisionSubjectProperties;
}
export interface DecisionSubjectProperties {
  readonly trust_domain: string;
  /**
   * The path segments of the SPIFFE ID.
   */
  readonly path: readonly string[];
  readonly credential: 'x509-svid' | 'jwt-svid';
  /**
   * The caller's trust domain is not the server's.
   */
  readonly federated: boolean;
  readonly audience: readonly string[];
  /**
   * The JWT-SVID's verified claims; empty for an X.509-SVID.
   */
  readonly claims: {
    readonly [k: string]: unknown;
  };
  /**
   * The X.509 workload that carried a JWT-SVID's call, when it presented an SVID of its own.
   */
  readonly peer: null | DecisionPeer;
}
export interface DecisionPeer {
  readonly id: string;
  readonly trust_domain: string;
  readonly path: readonly string[];
  readonly federated: boolean;
}
/**
 * The called method and its class in the catalogue.
 */
export interface DecisionAction {
  /**
   * /package.Service/Method
   */
  readonly name: string;
  readonly properties: DecisionActionProperties;
}
export interface DecisionActionProperties {
  readonly service: string;
  readonly method: string;
  readonly class: 'read' | 'search' | 'write' | 'delete' | 'publish' | 'sync' | 'admin';
  readonly phase: 'call' | 'request' | 'response';
}
/**
 * What the call or message is about. An absent or default field of the message is a property left out.
 */
export interface DecisionResource {
  /**
   * service in phase call; record, referrer, selection, query, sync, publication or service otherwise.
   */
  readonly type: string;
  readonly id?: string;
  readonly properties: DecisionResourceProperties;
}
export interface DecisionResourceProperties {
  readonly name?: string;
  readonly version?: string;
  readonly schema_version?: string;
  readonly authors?: readonly string[];
  readonly skills?: readonly string[];
  readonly domains?: readonly string[];
  readonly modules?: readonly string[];
  readonly locators?: readonly string[];
  readonly referrer_type?: string;
  readonly record_cid?: string;
  readonly kind?: string;
  readonly remote_directory_url?: string;
  readonly cids?: readonly string[];
  /**
   * How many a search or a list asks for; left out when it asks for all.
   */
  readonly limit?: number;
  /**
   * How many of them it skips.
   */
  readonly offset?: number;
  readonly [k: string]: unknown;
}
export interface DecisionContext {
  readonly server: DecisionServer;
  /**
   * Milliseconds since the epoch.
   */
  readonly time_ms: number;
  readonly peer_address?: string;
}
export interface DecisionServer {
  /**
   * The server's SPIFFE ID, when it has one.
   */
  readonly id?: string;
  readonly trust_domain: string;
}
