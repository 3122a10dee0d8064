const writing = ['write', 'delete', 'publish'];

/**
 * Names of a grant that are the caller's own, and that callers of another trust domain write too: each trust domain may have an
 * `/agent/a1`. `owners` is a map that is filled from grant to grant. Yields the index of the name, and what was found before.
 */
export function* sharedNames({ roles, names = [] }, { path, holder, owners, classesOfRole }) {
  if (!roles.some((role) => classesOfRole[role].some((name) => writing.includes(name)))) return;
  const [trustDomain] = holder.name.replace('spiffe://', '').split('/');
  for (const [index, name] of names.entries()) {
    if (!name.includes('{') || name.includes('{trust_domain}')) continue;
    const first = owners.get(name) ?? { trustDomain, path: [...path, 'names', index] };
    owners.set(name, first);
    if (first.trustDomain !== trustDomain) yield { index, name, first };
  }
}
