// Generated from policies/schemas/grants.schema.json by npm run policy:build. Do not edit.

/**
 * A role of the shipped bundle: which classes of actions it covers, policies/README.md says.
 */
export type Role = 'reader' | 'searcher' | 'publisher' | 'syncer' | 'admin';
/**
 * Grants of one holder. One that holds is enough.
 *
 * @minItems 1
 */
export type GrantList = readonly Grant[];

/**
 * Who holds which role: the operator's file, merged as data.directory.grants.
 */
export interface Grants {
  /**
   * Grants of one workload, by its exact SPIFFE ID.
   */
  readonly ids?: {
    readonly [k: string]: GrantList;
  };
  /**
   * Grants of every workload at or below a SPIFFE ID, on a segment boundary.
   */
  readonly path_prefixes?: {
    readonly [k: string]: GrantList;
  };
  /**
   * Grants of every workload of a trust domain.
   */
  readonly trust_domains?: {
    readonly [k: string]: GrantList;
  };
}
/**
 * Roles, and the conditions that a record or referrer must meet for them. All given conditions must hold.
 */
export interface Grant {
  /**
   * The roles that are granted.
   *
   * @minItems 1
   */
  readonly roles: readonly Role[];
  /**
   * The roles hold for these methods only. What a role does not cover is not granted by naming it here.
   *
   * @minItems 1
   *
   * Items: a method in full, as /package.Service/Method
   */
  readonly methods?: readonly string[];
  /**
   * The record's name is one of these or lies below one, on a segment boundary. A segment {trust_domain}, {agent}, {executor}, {service}, {namespace}, {service_account} or {path.1} to {path.9} stands for that segment of the caller's own identity.
   *
   * @minItems 1
   *
   * Items: a name or the part of one before a slash, without a slash at either end; a placeholder such as {agent} is a whole segment, behind the first one
   */
  readonly names?: readonly string[];
  /**
   * The record's schema_version is one of these.
   *
   * @minItems 1
   */
  readonly schema_versions?: readonly string[];
  /**
   * It is a referrer, and its type is one of these. A grant with this condition holds for no record.
   *
   * @minItems 1
   *
   * Items: the full name of a message type, such as agntcy.dir.sign.v1.Signature
   */
  readonly referrer_types?: readonly string[];
}
