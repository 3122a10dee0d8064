import type { Suite } from './suite.js';
import { agentRestart } from './suites/agent-restart.js';
import { expiry } from './suites/expiry.js';
import { firstSvid } from './suites/first-svid.js';
import { foreignClient } from './suites/foreign-client.js';
import { jwtAuthority } from './suites/jwt-authority.js';
import { nested } from './suites/nested.js';
import { nestedAuthority } from './suites/nested-authority.js';
import { rotation } from './suites/rotation.js';
import { withdrawal } from './suites/withdrawal.js';
import { x509Authority } from './suites/x509-authority.js';

/** All suites, those that take longest first. */
export const SUITES: readonly Suite[] = [
  rotation,
  foreignClient,
  withdrawal,
  expiry,
  nested,
  nestedAuthority,
  x509Authority,
  jwtAuthority,
  agentRestart,
  firstSvid,
];
