import { describe, expect, test } from 'vitest';
import type { Resource } from '../catalogue/resources.js';
import { describeAll } from './describe-all.js';

const records = (count: number): readonly Resource[] =>
  Array.from({ length: count }, (_, index) => ({ type: 'record', id: String(index), properties: {} }));
const named = (resource: Resource): Resource => ({ ...resource, properties: { name: resource.id } });

describe('all resources of a message', () => {
  test('are described at once where nothing is waited for', () => {
    expect(describeAll(records(100), named)).toEqual(records(100).map(named));
    expect(describeAll([], named)).toEqual([]);
  });

  test('keep their order, and only so many wait at a time', async () => {
    let waiting = 0;
    let most = 0;
    const slowly = async (resource: Resource): Promise<Resource> => {
      waiting += 1;
      most = Math.max(most, waiting);
      await new Promise(setImmediate);
      waiting -= 1;
      return named(resource);
    };
    const mixed = (resource: Resource) => (Number(resource.id) % 3 === 0 ? named(resource) : slowly(resource));
    await expect(describeAll(records(1000), slowly)).resolves.toEqual(records(1000).map(named));
    await expect(describeAll(records(1000), mixed)).resolves.toEqual(records(1000).map(named));
    expect(most).toBe(32);
  });

  test.each([0, 5, 31, 32, 500, 999])('are not described when one fails, and nothing more is asked: number %d', async (bad) => {
    const asked: string[] = [];
    const failing = async (resource: Resource): Promise<Resource> => {
      asked.push(String(resource.id));
      if (resource.id === String(bad)) throw new Error('mine');
      return named(resource);
    };
    await expect(describeAll(records(1000), failing)).rejects.toThrow('mine');
    expect(asked.length).toBeLessThanOrEqual(bad + 32);
  });

  test('are not described when one throws, at once or later', async () => {
    const throwing = (bad: number) => (resource: Resource) => {
      if (resource.id === String(bad)) throw new Error('mine');
      return Promise.resolve(resource);
    };
    expect(() => describeAll(records(10), throwing(3))).toThrow('mine');
    await expect(describeAll(records(100), throwing(70))).rejects.toThrow('mine');
  });
});
