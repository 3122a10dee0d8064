/** The trust domain of the Directory, and the one that it federates with: those that integration/grants.yaml knows. */
export const HOME = 'directory.example';
export const PARTNER = 'partner.example';

/** The Directory's SPIFFE ID, and the audience of tokens for it. */
export const SERVER_ID = `spiffe://${HOME}/directory`;
/** May read, search and publish. */
export const ACME = `spiffe://${HOME}/publisher/acme`;
/** May read and search. */
export const USER = `spiffe://${HOME}/user/one`;
export const OTHER_USER = `spiffe://${HOME}/user/two`;
export const PARTNER_READER = `spiffe://${PARTNER}/reader`;
