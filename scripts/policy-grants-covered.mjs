/**
 * The path of a grant that reaches all the holders of the grant at `path`, and grants them all that it grants; `undefined`:
 * there is none. Of two that say the same, the later one is covered.
 */
export function coveredBy(grants, path, classesOfRole) {
  const [kind, name, index] = path;
  const grant = grants[kind][name][index];
  for (const [widerKind, widerName] of holdersOver(kind, name)) {
    for (const [widerIndex, wider] of (grants[widerKind]?.[widerName] ?? []).entries()) {
      const itself = widerKind === kind && widerName === name && widerIndex === index;
      if (itself || !grantsAll(wider, grant, classesOfRole)) continue;
      const same = grantsAll(grant, wider, classesOfRole) && widerKind === kind && widerName === name;
      if (!same || widerIndex < index) return [widerKind, widerName, widerIndex];
    }
  }
  return undefined;
}

/** Itself, and whoever holds for all that it holds for. */
function* holdersOver(kind, name) {
  yield [kind, name];
  if (kind === 'trust_domains') return;
  const [trustDomain, ...path] = name.replace('spiffe://', '').split('/');
  for (let length = Math.min(path.length, 16); length > 0; length -= 1) {
    const prefix = `spiffe://${[trustDomain, ...path.slice(0, length)].join('/')}`;
    if (kind === 'ids' || prefix !== name) yield ['path_prefixes', prefix];
  }
  yield ['trust_domains', trustDomain];
}

function grantsAll(wider, grant, classesOfRole) {
  const classes = new Set(wider.roles.flatMap((role) => classesOfRole[role]));
  return (
    grant.roles.every((role) => classesOfRole[role].every((name) => classes.has(name))) &&
    noNarrower(wider.methods, grant.methods, (one, other) => one === other) &&
    noNarrower(wider.schema_versions, grant.schema_versions, (one, other) => one === other) &&
    noNarrower(wider.referrer_types, grant.referrer_types, (one, other) => one === other) &&
    noNarrower(wider.names, grant.names, (one, other) => one === other || other.startsWith(`${one}/`))
  );
}

function noNarrower(wider, values, includes) {
  return wider === undefined || (values?.every((value) => wider.some((one) => includes(one, value))) ?? false);
}
