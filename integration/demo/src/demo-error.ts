/** What the person who starts the demo can mend: one line that names the thing and the remedy; exit code 2. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}
