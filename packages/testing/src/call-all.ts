/** Calls each, also after one that throws; then throws the first error. */
export function callAll<Item>(items: Iterable<Item>, call: (item: Item) => void): void {
  const errors: unknown[] = [];
  for (const item of [...items]) {
    try {
      call(item);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
