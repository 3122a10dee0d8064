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
  jwt_malformed: 'J-1',
  jwt_algorithm: 'J-2',
  jwt_header_member: 'J-3',
  jwt_no_matching_key: 'J-4',
  jwt_type: 'J-5',
  jwt_key_id: 'J-6',
  jwt_key_unknown: 'J-6',
  jwt_key_mismatch: 'J-7',
  jwt_subject: 'J-8',
  jwt_audience: 'J-9',
  jwt_audience_mismatch: 'J-10',
  expected_audience: 'J-11',
  jwt_expiry_missing: 'J-12',
  jwt_expired: 'J-12',
  leeway_out_of_range: 'J-12',
  clock_invalid: 'J-12',
  jwt_not_yet_valid: 'J-13',
  jwt_numeric_date: 'J-14',
  jwt_untrusted_domain: 'J-15',
  jwt_signature: 'J-15',
  jwt_key_ambiguous: 'J-21',
  jwt_too_large: 'J-26',
  jwt_too_many_audiences: 'J-26',
  jwt_too_deep: 'J-26',
  jwt_encoding: 'J-27',
  jwt_duplicate_member: 'J-27',
  jwks_malformed: 'B-1',
  jwks_duplicate_member: 'B-17',
  jwks_too_large: 'B-18',
  jwks_too_deep: 'B-18',
  duplicate_trust_domain: 'B-14',
} as const satisfies Record<string, string>;

/** Stable name of one cause of refusal. */
export type SpiffeErrorCode = keyof typeof RULE_OF_CODE;
