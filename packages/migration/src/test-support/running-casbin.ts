import { type Enforcer, newEnforcer, newModelFromString, StringAdapter } from 'casbin';

/** The model of the Go Directory (casbin-semantics.md): who calls what, any one rule allows. */
const model = `
[request_definition]
r = sub, act
[policy_definition]
p = sub, act
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = (keyMatch(r.sub, p.sub) || regexMatch(r.sub, p.sub)) && (keyMatch(r.act, p.act) || regexMatch(r.act, p.act))
`;

/** The npm package casbin with that model and a policy. */
export async function runningCasbin(csv: string): Promise<(trustDomain: string, method: string) => boolean> {
  const enforcer: Enforcer = await newEnforcer(newModelFromString(model), new StringAdapter(csv));
  return (trustDomain, method) => enforcer.enforceSync(trustDomain, method);
}
