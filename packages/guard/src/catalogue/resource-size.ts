import type { Resource } from './resources.js';

/** About how much text a resource holds: what a caller made huge shows without writing it. What `describe` nests is not looked at. */
export function sizeOfResource({ id = '', properties }: Resource): number {
  let size = id.length;
  for (const name in properties) {
    const value = properties[name];
    if (typeof value === 'string') {
      size += value.length;
    } else if (Array.isArray(value)) {
      for (const item of value) size += typeof item === 'string' ? item.length : 1;
    }
  }
  return size;
}
