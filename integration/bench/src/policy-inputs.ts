import { directoryCatalogue } from '@dirgate/directory';
import type { Grants } from '@dirgate/policy';

const TRUST_DOMAIN = 'directory.example';
const METHOD = '/agntcy.dir.store.v1.StoreService/Push';
/** Different inputs that take turns. */
const INPUTS = 64;

/** Grants of so many publishers, each for a name of its own. */
export function grantsOf(publishers: number): Grants {
  const ids = Object.fromEntries(
    Array.from({ length: publishers }, (_, index) => [
      idOf(index),
      [{ roles: ['reader', 'searcher'] as const }, { roles: ['publisher'] as const, names: [nameOf(index)] }],
    ]),
  );
  return { ids };
}

/** Inputs about records that their publishers may push, spread over all of them. */
export function policyInputs(publishers: number): readonly object[] {
  return Array.from({ length: INPUTS }, (_, index) => inputOf(Math.floor((index * publishers) / INPUTS), index));
}

/** An input that its publisher may push, of so many bytes of JSON, nearly all of them in a list of a record. */
export function hostileInput(bytes: number): object {
  const input = inputOf(0, 0);
  const skill = 'natural_language_processing/text_classification/0000000';
  const count = Math.floor((bytes - JSON.stringify(input).length) / (skill.length + 3));
  const skills = Array.from({ length: count }, (_, index) => skill.slice(0, -7) + String(index).padStart(7, '0'));
  const { resource } = input;
  return { ...input, resource: { ...resource, properties: { ...resource.properties, skills } } };
}

function inputOf(publisher: number, record: number) {
  const [, service = '', method = ''] = METHOD.split('/');
  return {
    subject: {
      type: 'workload',
      id: idOf(publisher),
      properties: {
        trust_domain: TRUST_DOMAIN,
        path: ['publisher', `p${publisher}`],
        credential: 'x509-svid',
        federated: false,
        audience: [],
        claims: {},
        peer: null,
      },
    },
    action: { name: METHOD, properties: { service, method, class: directoryCatalogue.get(METHOD)?.class, phase: 'request' } },
    resource: {
      type: 'record',
      properties: {
        name: `${nameOf(publisher)}/agent-${record}`,
        version: '1.0.0',
        schema_version: '1.0.0',
        skills: ['natural_language_processing/summarization', 'natural_language_processing/translation'],
        locators: ['docker_image'],
      },
    },
    context: {
      server: { id: `spiffe://${TRUST_DOMAIN}/dir`, trust_domain: TRUST_DOMAIN },
      time_ms: 1_795_330_350_000,
      peer_address: '127.0.0.1:50000',
    },
  };
}

/** The SPIFFE ID of a publisher. */
export function idOf(publisher: number): string {
  return `spiffe://${TRUST_DOMAIN}/publisher/p${publisher}`;
}

function nameOf(publisher: number): string {
  return `${TRUST_DOMAIN}/p${publisher}`;
}

/** What the Go Directory asks of Casbin: one rule for each of so many trust domains; the caller's is the last but one. */
export function casbinPolicy(rules: number): { readonly csv: string; readonly request: readonly [string, string] } {
  const lines = Array.from({ length: rules }, (_, index) => `p, td-${index}.example, ${METHOD}`);
  return { csv: lines.join('\n'), request: [`td-${Math.max(0, rules - 2)}.example`, METHOD] };
}
