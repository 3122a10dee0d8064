/**
 * Every way in which this package refuses something, with the row of the rule set that it enforces.
 * Sections: ID = SPIFFE ID, X = X509-SVID, J = JWT-SVID, B = bundles.
 */
export const RULE_OF_CODE = {
  // SPIFFE IDs and trust domains
  // X.509: DER, certificates, bundles, paths
  // JWT: tokens, keys, bundles
} as const satisfies Record<string, string>;

/** Stable name of one cause of refusal. */
export type SpiffeErrorCode = keyof typeof RULE_OF_CODE;
