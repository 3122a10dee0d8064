/**
 * Tokens and keys that were made once, with `issue` and `jwkOf` of jwt-issuer.ts; the private keys are gone. Signatures by these
 * algorithms are random, and a seed must lead to the same inputs on every machine. Audience and time are those of jwt-issuer.ts.
 */

/** Names the key `k1`. */
export const ES256_TOKEN =
  'eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.eyJzdWIiOiJzcGlmZmU6Ly90ZC9jbGllbnQiLCJhdWQiOlsic3BpZmZlOi8vdGQvc2VydmVyIl0sImV4cCI6MTc5NTMzMDY1MCwiaWF0IjoxNzk1MzMwMzUwfQ.' +
  'e95x79Ms7s8_KzGE8iPiR2taGK9iSO1p8s1ambbESpfjbs2tYXPKjwFklVLw-PoGkf0W1vR6BJxeTUSLtsD2oQ';

/** Names the key `rsa`. */
export const PS256_TOKEN =
  'eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzcGlmZmU6Ly90ZC9jbGllbnQiLCJhdWQiOlsic3BpZmZlOi8vdGQvc2VydmVyIl0sImV4cCI6MTc5NTMzMDY1MCwiaWF0IjoxNzk1MzMwMzUwfQ.' +
  'FFdIC6KvuhjDV1IRdH-mmzlJOO_V9-TlEjDjSf-ZMEbTyaYFgmXi9V-CoLmK65BZpwytV6pR9zFG_EjhrbPQFqc8isLtiAQrCX_U4R7bLHfGLh' +
  'CmryMLCf0xg4eIvEB9klrg8ffxnX7Xs3CYvaicTymFkW2bfT0ObH_nmS2Hmxk0nRcFjQqaSWH-YouQF-_EDo8HDEQfaLNxZtI0k6k2lKt3xTxC' +
  'oE11X9fP_4DwsCeJS2Mpg1K6qX4o-3MfqqpGXkH9vFJ_0_HehE6Q86CRUSox5qkVq3k7Tb-m4yC26UKV3rLQlJcxRblXPR0_XQcUOTEjx3QlE9' +
  'r7lddnO5rlYg';

/** Has no `kid`; the key is `k1`. */
export const NAMELESS_TOKEN =
  'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzcGlmZmU6Ly90ZC9jbGllbnQiLCJhdWQiOlsic3BpZmZlOi8vdGQvc2VydmVyIl0sImV4cCI6MTc5NTMzMDY1MCwiaWF0IjoxNzk1MzMwMzUwfQ.' +
  'TL-tUKXoJbmjn9TPVjeFGd7Wwsj-_Adtq1qfjAytiAdw_R64G5Ruti-zFt-T8_yepjXk8eF2onEjB3GyZ14G7w';

/** One of each kind of key; `k384` has no `use`. */
export const JWKS_KEYS = [
  {
    kty: 'EC',
    x: 'v5V_oCVJrII8DrfkhGZpBQ463wu2aOO56My9PBqw8wE',
    y: 'MJNJ7HROOCVX7t-MyNn1Ejeq0Ix1vitG44uCUAKiIFw',
    crv: 'P-256',
    use: 'jwt-svid',
    kid: 'k1',
  },
  {
    kty: 'RSA',
    n:
      'nRNNaAuk52-I1VxeX218QnJy74Ph9J6J65mm-wRMBra66i958bm2l_BawMsCFhUcA90BtDdG4Bhb50_hjzrpQhUxLVN7xb6gJuwP' +
      'RCGeoLf-d2RN6nlMskTjT7xjAhpses2QEOu20Czn7VMcq5o0su4GwKvgf3CsdEaEL_Dv2oZh6E-8gSL_h_Ap1yHg4WJ81z6kq9rw' +
      'yotSfJ5QU2VIyMpBc9HyT7glWf73Sd4Ub9ZBIPMDnNBUMJYLdKFlrAeLHiP3pPGrmj5AWegSfme84y9_rpBdbB9-R4-dZGtjwcoG' +
      'DEDnZEPZtemrGxRVmM-2wovFfcVgJ8VD2scfoc6v_Q',
    e: 'AQAB',
    use: 'jwt-svid',
    kid: 'rsa',
  },
  {
    kty: 'EC',
    x: 'RUZT_XWdWaubnNneEXMrEsNUh3hMDbTnA7IgZzRbVosQ5diw6COquNsUm4HAhWu7',
    y: 'qioq-EuFGR18X93cddbH27VDtDGK5pz-0NEwBVqQeWagKY60rELji4V8m5FjznR5',
    crv: 'P-384',
    kid: 'k384',
  },
  {
    kty: 'EC',
    x: 'AdUFySWZr_FtIO8LFjBrHCd2f_KmUvhregbzMQ3QKgx_6-VuEir6tV5RIw4zgkLcT6lWLXRvLFvCLmqvyMhikXGj',
    y: 'Ad8jSKjBWOE1OvHdr_tsakzx3kkotPhGqAGB1Bi4XRCqe_ycoC-VnGXGvaQQa3d8dpJ1ULZTYIIj_PkJ1LyweOzJ',
    crv: 'P-521',
    use: 'jwt-svid',
    kid: 'k521',
    alg: 'ES512',
    key_ops: ['verify'],
  },
] as const;
