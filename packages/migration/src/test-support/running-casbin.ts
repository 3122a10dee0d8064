import { fileURLToPath } from 'node:url';
import { type Enforcer, newEnforcer, newModelFromFile, StringAdapter } from 'casbin';

const MODEL = fileURLToPath(new URL('go-directory-model.conf', import.meta.url));

/** The npm package casbin with the model of the Go Directory and a policy. */
export async function runningCasbin(csv: string): Promise<(trustDomain: string, method: string) => boolean> {
  const enforcer: Enforcer = await newEnforcer(newModelFromFile(MODEL), new StringAdapter(csv));
  return (trustDomain, method) => enforcer.enforceSync(trustDomain, method);
}
