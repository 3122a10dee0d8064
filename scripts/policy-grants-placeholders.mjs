// Which identities have which placeholders: the paths of policies/directory/identity/identity.rego, `undefined` where any segment goes.
const paths = [
  [['agent', undefined], ['{agent}']],
  [['agent', 'executor', undefined], ['{executor}']],
  [['service', undefined], ['{service}']],
  [
    ['ns', undefined, 'sa', undefined],
    ['{namespace}', '{service_account}'],
  ],
];

/** The placeholders of a grant's name that none of its holders has a segment for. */
export function impossiblePlaceholders(name, holder) {
  const used = name.split('/').filter((part) => part.startsWith('{'));
  return used.filter((placeholder) => !possible(placeholder, holder));
}

function possible(placeholder, { kind, name }) {
  if (kind === 'trust_domains' || placeholder === '{trust_domain}') return true;
  const path = name.replace('spiffe://', '').split('/').slice(1);
  const exact = kind === 'ids';
  const [, position] = /^\{path\.(\d)\}$/.exec(placeholder) ?? [];
  if (position !== undefined) return !exact || path.length >= Number(position);
  return paths.some(
    ([segments, placeholders]) =>
      placeholders.includes(placeholder) &&
      (exact ? path.length === segments.length : path.length <= segments.length) &&
      path.every((segment, index) => segments[index] === undefined || segments[index] === segment),
  );
}
