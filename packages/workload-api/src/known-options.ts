import { WorkloadApiError } from './workload-api-error.js';

/** What is not known is misspelt, and a misspelt `select` would present another identity. @throws WorkloadApiError `option_invalid` */
export function requireKnown(options: object, names: ReadonlySet<string>): void {
  const unknown = Object.keys(options).find((name) => !names.has(name));
  if (unknown !== undefined) throw new WorkloadApiError('option_invalid', `${JSON.stringify(unknown)} is no known option`);
}
