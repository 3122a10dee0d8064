// Random grants and inputs, the same for the same seed, drawn from few enough values that they meet.

/** Numbers from 0 to below 1 (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const trustDomains = ['directory.example', 'partner.example', 'stranger.example'];
const paths = [
  'agent/a1',
  'agent/a.b',
  'agent/executor/tools',
  'service/web',
  'ns/prod/sa/web',
  'team/red',
  'team/red/ci',
  'team',
  'mirror',
];
const segments = [
  'acme',
  'a1',
  'a',
  'a.b',
  'tools',
  'web',
  'red',
  'prod',
  'executors',
  'acme-labs',
  '..',
  '.',
  '',
  '{agent}',
  'b',
];
const placeholders = [
  '{trust_domain}',
  '{agent}',
  '{executor}',
  '{service}',
  '{namespace}',
  '{service_account}',
  '{path.1}',
  '{path.2}',
];
const roles = ['reader', 'searcher', 'publisher', 'syncer', 'admin'];
const versions = ['0.8.0', '1.0.0', '1.1.0'];
const referrerTypes = ['agntcy.dir.sign.v1.Signature', 'agntcy.dir.sign.v1.PublicKey', 'agntcy.dir.security.v1.ScanReport'];
const resourceTypes = [
  'record',
  'record',
  'record',
  'referrer',
  'referrer',
  'service',
  'query',
  'selection',
  'publication',
  'sync',
  'mystery',
];
const oddities = [null, 7, true, ['directory.example/acme'], { name: 'directory.example/acme' }, '', 'response '];

/** Random questions for a catalogue of methods: `grants`, and as many `inputs` as asked for. */
export function randomQuestions(seed, count, catalogue) {
  const random = generator(seed);
  const chance = (share) => random() < share;
  const pick = (list) => list[Math.floor(random() * list.length)];
  const some = (list) => [...new Set(Array.from({ length: 1 + Math.floor(random() * 2) }, () => pick(list)))];
  const methods = [...catalogue];

  const recordName = () =>
    [pick(trustDomains), ...Array.from({ length: Math.floor(random() * 4) }, () => pick(segments))].join('/');
  const grantedName = () => {
    const parts = segments.slice(0, 10).concat(placeholders);
    const first = chance(0.8) ? pick(trustDomains) : '{trust_domain}';
    return [first, ...Array.from({ length: Math.floor(random() * 3) }, () => pick(parts))].join('/');
  };
  const grant = () => ({
    roles: some(roles),
    ...(chance(0.5) && { names: [...new Set(Array.from({ length: 3 }, grantedName))] }),
    ...(chance(0.2) && { schema_versions: some(versions) }),
    ...(chance(0.2) && { referrer_types: some(referrerTypes) }),
    ...(chance(0.2) && { methods: [...new Set(Array.from({ length: 12 }, () => pick(methods)[0]))] }),
  });
  const grantLists = (keys) =>
    Object.fromEntries(keys.filter(() => chance(0.7)).map((key) => [key, [grant(), grant()].slice(chance(0.5))]));
  const ids = trustDomains.slice(0, 2).flatMap((name) => paths.map((path) => `spiffe://${name}/${path}`));

  const input = () => {
    const trustDomain = pick(trustDomains);
    const path = pick(paths).split('/');
    const [name, rule] = pick(methods);
    const [, service, method] = name.split('/');
    const type = pick(resourceTypes);
    const properties = {
      ...(chance(0.85) && { name: recordName() }),
      ...(chance(0.7) && { schema_version: pick(versions) }),
      ...((type === 'referrer' || chance(0.1)) && chance(0.85) && { referrer_type: pick(referrerTypes) }),
    };
    const made = {
      subject: {
        type: 'workload',
        id: `spiffe://${[trustDomain, ...path].join('/')}`,
        properties: {
          trust_domain: trustDomain,
          path,
          credential: 'x509-svid',
          federated: trustDomain !== trustDomains[0],
          audience: [],
          claims: {},
          peer: null,
        },
      },
      action: {
        name,
        properties: { service, method, class: rule.class, phase: pick(['call', 'request', 'request', 'response']) },
      },
      resource: { type, properties },
      context: { server: { id: 'spiffe://directory.example/dir', trust_domain: 'directory.example' }, time_ms: 0 },
    };
    if (chance(0.1)) spoil(made, pick);
    return made;
  };

  const grants = {
    ids: grantLists(ids),
    path_prefixes: grantLists([...ids, 'spiffe://directory.example/agent', 'spiffe://partner.example/ns/prod']),
    trust_domains: grantLists(trustDomains.slice(0, 2)),
  };
  return { grants, inputs: Array.from({ length: count }, input) };
}

/** Puts something into an input that no guard would, or takes something out. */
function spoil(input, pick) {
  const [part, member] = pick([
    [input.subject, 'type'],
    [input.subject, 'id'],
    [input.subject, 'properties'],
    [input.subject.properties, 'trust_domain'],
    [input.subject.properties, 'path'],
    [input.action, 'name'],
    [input.action.properties, 'class'],
    [input.action.properties, 'phase'],
    [input.resource, 'type'],
    [input.resource, 'properties'],
    [input.resource.properties, 'name'],
    [input.resource.properties, 'schema_version'],
    [input.resource.properties, 'referrer_type'],
  ]);
  const value = pick([undefined, ...oddities]);
  if (value === undefined) delete part[member];
  else part[member] = value;
}
