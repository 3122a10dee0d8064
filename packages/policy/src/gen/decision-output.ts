// Generated from policies/schemas/decision-output.schema.json by npm run policy:build. Do not edit.

/**
 * What the entrypoint directory/authz/decision answers. Any other shape is a fault and denies.
 */
export interface DecisionOutput {
  /**
   * Whether the action may be done.
   */
  readonly allow: boolean;
  /**
   * Stable codes, sorted.
   */
  readonly reasons: readonly string[];
}
