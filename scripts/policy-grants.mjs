// What an operator gets wrong in grants that fit the schema: grants that never hold, and grants that change nothing.
import { isNode, LineCounter, parseDocument } from 'yaml';
import { coveredBy } from './policy-grants-covered.mjs';
import { impossiblePlaceholders } from './policy-grants-placeholders.mjs';
import { sharedNames } from './policy-grants-shared.mjs';

/** What a Directory takes, by its core/v1/rules.proto. */
const referrerTypes = ['agntcy.dir.sign.v1.PublicKey', 'agntcy.dir.sign.v1.Signature', 'agntcy.dir.security.v1.ScanReport'];
const recordConditions = ['names', 'schema_versions', 'referrer_types'];

/**
 * The problems of grants (YAML or JSON text that fits grants.schema.json), each `{ line, column, message }`, in the order of lines.
 * `catalogue` is a map of methods, `classesOfRole` what the rules say of roles.
 */
export function grantProblems(text, { catalogue, classesOfRole }) {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, stringKeys: true, merge: false });
  const grants = document.toJS();
  const placeOf = (path) => {
    const node = document.getIn(path, true);
    const { line, col: column } = lines.linePos(isNode(node) ? node.range[0] : 0);
    return { line, column };
  };
  const problems = [];
  const owners = new Map();
  for (const { grant, path, holder } of grantsIn(grants)) {
    const found = [
      ...nameProblems(grant, holder),
      ...valueProblems(grant),
      ...methodProblems(grant, { catalogue, classesOfRole }),
    ];
    for (const { index, name, first } of sharedNames(grant, { path, holder, owners, classesOfRole })) {
      const message = `"${name}" is what callers of ${first.trustDomain} write too (line ${placeOf(first.path).line}), and each trust domain may have callers of the same path: begin it with {trust_domain}, or take one out`;
      found.push([['names', index], message]);
    }
    for (const [at, message] of found) problems.push({ ...placeOf([...path, ...at]), message });
    const wider = coveredBy(grants, path, classesOfRole);
    if (wider !== undefined) {
      const message = `grants nothing that line ${placeOf(wider).line} does not grant: taking it out changes nothing, take it out`;
      problems.push({ ...placeOf(path), message });
    }
  }
  return problems.sort((one, other) => one.line - other.line || one.column - other.column);
}

function* grantsIn(grants) {
  for (const kind of ['ids', 'path_prefixes', 'trust_domains']) {
    for (const [name, list] of Object.entries(grants[kind] ?? {})) {
      for (const [index, grant] of list.entries()) yield { grant, path: [kind, name, index], holder: { kind, name } };
    }
  }
}

function nameProblems({ names = [] }, holder) {
  return names.flatMap((name, index) => {
    const at = ['names', index];
    const wider = names.find((other) => other !== name && name.startsWith(`${other}/`));
    const impossible = impossiblePlaceholders(name, holder);
    if (name.includes('*')) {
      return [[at, `"${name}" never matches: names are no patterns; "${name.replace(/\/?\*.*$/, '')}" holds for all below it`]];
    }
    if (/(^|\/)\.{1,2}(\/|$)/.test(name))
      return [[at, `"${name}" never matches: no name with a . or .. segment does; write it out`]];
    if (name !== name.trim()) return [[at, `"${name}" begins or ends with a blank, as no record does; take it out`]];
    if (impossible.length > 0) return [[at, `"${name}" never matches: ${holder.name} has no ${impossible.join(', ')}`]];
    if (wider !== undefined) return [[at, `"${name}" lies under "${wider}" of the same grant; take one of them out`]];
    return [];
  });
}

function valueProblems({ schema_versions: versions = [], referrer_types: types = [] }) {
  return [
    ...versions.flatMap((version, index) =>
      /^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version)
        ? []
        : [[['schema_versions', index], `no record has the schema_version "${version}": write three numbers, such as 1.0.0`]],
    ),
    ...types.flatMap((type, index) =>
      referrerTypes.includes(type)
        ? []
        : [[['referrer_types', index], `no Directory takes the referrer type "${type}"; they are ${referrerTypes.join(', ')}`]],
    ),
  ];
}

function methodProblems(grant, { catalogue, classesOfRole }) {
  const classes = new Set(grant.roles.flatMap((role) => classesOfRole[role]));
  const limited = recordConditions.filter((condition) => grant[condition] !== undefined);
  const problems = (grant.methods ?? []).flatMap((method, index) => {
    const rule = catalogue.get(method);
    if (rule === undefined) return [[['methods', index], `a Directory has no method ${method}; look at its spelling`]];
    if (classes.has(rule.class) || readsWhatIsFound(rule, classes)) return [];
    return [[['methods', index], `${method} is of class ${rule.class}, which no role of this grant covers; add one that does`]];
  });
  if (limited.length === 0 || problems.length > 0) return problems;

  const methods = [...catalogue].filter(([name, rule]) => classes.has(rule.class) && (grant.methods?.includes(name) ?? true));
  if (grant.methods?.some((name) => readsWhatIsFound(catalogue.get(name), classes))) return [];
  if (methods.every(([, rule]) => rule.class === 'search')) {
    return [
      [
        [],
        `${limited.join(' and ')} would limit nothing: searching asks for the role alone; take it out, or give a role to read`,
      ],
    ];
  }
  const kinds = grant.referrer_types === undefined ? ['record', 'referrer'] : ['referrer'];
  if (methods.some(([, rule]) => rule.request?.resources.some(({ type }) => kinds.includes(type)))) return [];
  return [
    [
      [],
      `never holds: with ${limited.join(' and ')} it is for some ${kinds[0]}s, and none of its methods names one; give a grant without`,
    ],
  ];
}

/** Some searches ask for the right to read, by that method, what they answer with. */
function readsWhatIsFound(rule, classes) {
  return rule.class === 'search' && classes.has('read');
}
