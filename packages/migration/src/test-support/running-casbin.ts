import { readFileSync } from 'node:fs';
import { type Enforcer, newEnforcer, newModelFromString, StringAdapter } from 'casbin';

const MODEL = readFileSync(new URL('go-directory-model.conf', import.meta.url), 'utf8');

/** The npm package casbin with the model of the Go Directory and a policy. */
export async function runningCasbin(csv: string): Promise<(trustDomain: string, method: string) => boolean> {
  const enforcer: Enforcer = await newEnforcer(newModelFromString(MODEL), new StringAdapter(csv));
  return (trustDomain, method) => enforcer.enforceSync(trustDomain, method);
}
