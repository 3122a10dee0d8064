/**
 * Every way in which this package refuses something, with the row of the rule set that it enforces.
 * Sections: ID = SPIFFE ID, X = X509-SVID, J = JWT-SVID, B = bundles.
 */
export const RULE_OF_CODE = {
  // SPIFFE IDs and trust domains
  id_not_text: 'ID-1',
  id_scheme: 'ID-1',
  trust_domain_empty: 'ID-2',
  id_query_or_fragment: 'ID-3',
  id_userinfo_or_port: 'ID-4',
  trust_domain_character: 'ID-5',
  id_path_character: 'ID-7',
  id_path_segment: 'ID-8',
  id_too_long: 'ID-9',
  trust_domain_too_long: 'ID-9',
  id_control_character: 'ID-11',
  // X.509: DER, certificates, bundles, paths
  // JWT: tokens, keys, bundles
} as const satisfies Record<string, string>;

/** Stable name of one cause of refusal. */
export type SpiffeErrorCode = keyof typeof RULE_OF_CODE;
