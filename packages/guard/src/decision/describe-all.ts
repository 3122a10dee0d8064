import type { Resource } from '../catalogue/resources.js';

/** Of one message so many questions wait at a time: one that names many records must leave places for the calls of others. */
const AT_ONCE = 32;

type DescribeOne = (resource: Resource) => Resource | Promise<Resource>;

/**
 * Describes all resources of a message, in their order. A promise only when an answer is waited for. Throws or rejects with what the
 * first of them does; then nothing more is asked.
 */
export function describeAll(
  resources: readonly Resource[],
  describe: DescribeOne,
): readonly Resource[] | Promise<readonly Resource[]> {
  const described: (Resource | Promise<Resource>)[] = [];
  let waiting = 0;
  try {
    while (described.length < resources.length && waiting < AT_ONCE) {
      const one = describe(resources[described.length] as Resource);
      described.push(one);
      waiting += one instanceof Promise ? 1 : 0;
    }
  } catch (error) {
    Promise.allSettled(described).catch(() => undefined); // those already asked may fail too: nobody waits for them
    throw error;
  }
  return waiting === 0 ? (described as readonly Resource[]) : describeRest(described, resources, describe);
}

async function describeRest(
  asked: readonly (Resource | Promise<Resource>)[],
  resources: readonly Resource[],
  describe: DescribeOne,
): Promise<readonly Resource[]> {
  const first = await Promise.all(asked);
  const rest = resources.slice(first.length);
  return rest.length === 0 ? first : [...first, ...(await describeAll(rest, describe))];
}
