import { type RoutingRecordQuery, RoutingRecordQueryType as Type } from '@dirgate/directory';
import type { RecordFacts } from './record-facts.js';

/** The labels that a record is announced under (directory-wire §2.7), each once. */
export function routingLabels(facts: RecordFacts): string[] {
  return [
    ...new Set([
      ...facts.skills.map(({ name }) => `/skills/${name}`),
      ...facts.domains.map(({ name }) => `/domains/${name}`),
      ...facts.modules.map(({ name }) => `/modules/${name}`),
      ...facts.locators.map(({ type }) => `/locators/${type}`),
    ]),
  ];
}

/** Whether labels meet a routing query (directory-wire §2.8): case-sensitive, no wildcards. */
export function labelsMatch(labels: readonly string[], { type, value }: RoutingRecordQuery): boolean {
  switch (type) {
    case Type.UNSPECIFIED:
      return true;
    case Type.SKILL:
      return labels.some(atOrBelow(`/skills/${value}`));
    case Type.DOMAIN:
      return labels.some(atOrBelow(`/domains/${value}`));
    case Type.MODULE:
      return labels.some(atOrBelow(`/modules/${value}`));
    case Type.LOCATOR:
      return labels.includes(`/locators/${value}`);
    default:
      // An open enum: numbers that we do not know match nothing.
      return false;
  }
}

function atOrBelow(parent: string): (label: string) => boolean {
  return (label) => label === parent || label.startsWith(`${parent}/`);
}
