/** Throws when an answer is not the one that the row is about. */
export function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) {
    throw new Error(otherwise);
  }
}
