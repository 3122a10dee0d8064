import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { directoryCatalogue } from '@dirgate/directory';
import { createGuard } from '@dirgate/guard';
import { type Decision, type Grants, loadPolicy, type Policy, PolicyError } from '@dirgate/policy';
import { createIdentityAuthority } from '@dirgate/testing';
import { newEnforcer, newModelFromString, StringAdapter } from 'casbin';
import { casbinPolicy } from './policy-inputs.js';

const BUNDLE = fileURLToPath(new URL('../../../policies/dist/directory.tar.gz', import.meta.url));
const CASBIN_MODEL = new URL('../../../packages/migration/src/test-support/go-directory-model.conf', import.meta.url);

/** One decision about input number `index`. Throws when it is not the one that is expected. */
export type Decide = (index: number) => void;

/** The same, which waits for the next turn of the event loop when this one is full. */
export type DecideInTurns = (index: number) => void | Promise<void>;

/** The shipped policy with these grants. */
export async function policyWith(grants: Grants): Promise<Policy> {
  const folder = await mkdtemp(join(tmpdir(), 'dirgate-bench-policy-'));
  try {
    const data = join(folder, 'grants.json');
    await writeFile(data, JSON.stringify(grants));
    return (await loadPolicy({ bundle: BUNDLE, data })).current() as Policy;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Evaluated each time. */
export function evaluating(policy: Policy, inputs: readonly object[]): Decide {
  return (index) => requireAllowed(policy.decide(inputs[index % inputs.length] as object).allow);
}

/** One input, again and again. */
export function evaluatingOne(policy: Policy, input: object): () => void {
  return () => requireAllowed(policy.decide(input).allow);
}

/** One input that is too large to be decided about. */
export function refusing(policy: Policy, input: object): () => void {
  return () => {
    try {
      policy.decide(input);
    } catch (error) {
      if (error instanceof PolicyError && error.code === 'input_too_large') return;
      throw error;
    }
    throw new Error('an input that is too large was decided about');
  };
}

/** What the guard asks the cache for: parts that every decision about a call shares, and a resource. */
interface CachedInput {
  readonly subject: object;
  readonly action: { readonly properties: { readonly phase: string } };
  readonly resource: object;
  readonly context: { readonly server: object };
}

/** The part of the guard's cache that is used here; it is not public. */
interface CacheModule {
  readonly DecisionCache: {
    for(policy: Policy): { decide(context: object, phase: string, resource: object, evaluate: () => Decision): Decision };
  };
}

/** Remembered by the guard's own cache. */
export async function remembering(policy: Policy, inputs: readonly object[]): Promise<Decide> {
  const module = new URL('../../../packages/guard/dist/decision/decision-cache.js', import.meta.url).href;
  const { DecisionCache } = (await import(module)) as CacheModule;
  const cache = DecisionCache.for(policy);
  const { server } = (inputs[0] as CachedInput).context;
  const asked = (inputs as readonly CachedInput[]).map(({ subject, action, resource }) => {
    const { phase } = action.properties;
    return { context: { caller: { subject }, method: { actions: { [phase]: action } }, server }, phase, resource };
  });
  return (index) => {
    const number = index % inputs.length;
    const { context, phase, resource } = asked[number] as (typeof asked)[number];
    requireAllowed(cache.decide(context, phase, resource, () => policy.decide(inputs[number] as object)).allow);
  };
}

/**
 * One message of an open call, as an adapter gives it to the guard: read, decided, counted; no sink. The messages name records by id, so
 * what is remembered is one decision for all.
 */
export async function judgingMessages(policy: Policy, caller: string): Promise<DecideInTurns> {
  const authority = await createIdentityAuthority({ trustDomains: [{ name: 'directory.example', x509SvidTtlMs: 3_600_000 }] });
  const guard = createGuard({
    identity: authority.identityOf('spiffe://directory.example/dir'),
    policy: { current: () => policy, onChange: () => () => undefined },
    accept: 'x509',
    catalogue: directoryCatalogue,
  });
  const { certificates } = authority.trustDomain('directory.example').issueX509Svid(caller);
  const connection = guard.connect({ peerChain: certificates, resumed: false, peerAddress: '127.0.0.1:50000' });
  const admission = guard.admit({ connection, method: '/agntcy.dir.store.v1.StoreService/Pull', authorization: [] });
  if (admission.kind === 'refused') throw new Error(`the guard refused the call: ${admission.refusal.code}`);
  const { call } = admission;
  const messages = Array.from({ length: 64 }, (_, index) => ({
    $typeName: 'agntcy.dir.core.v1.RecordRef',
    cid: `baeareibynwhe${index}`,
  }));
  return (index) => {
    const refusal = call.judgeRequest(messages[index % messages.length]);
    if (refusal instanceof Promise) return refusal.then((later) => requireAllowed(later === undefined));
    return requireAllowed(refusal === undefined);
  };
}

/** Node's Casbin, synchronous, with so many rules. */
export async function enforcing(rules: number): Promise<Decide> {
  const { csv, request } = casbinPolicy(rules);
  const enforcer = await newEnforcer(newModelFromString(await readFile(CASBIN_MODEL, 'utf8')), new StringAdapter(csv));
  return () => requireAllowed(enforcer.enforceSync(...request));
}

export function requireAllowed(allow: boolean): void {
  if (!allow) throw new Error('a decision that should allow did not');
}
