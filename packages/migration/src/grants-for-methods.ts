import { directoryCatalogue } from '@dirgate/directory';
import type { ActionClass } from '@dirgate/guard';
import type { Grant, Role } from '@dirgate/policy';

/** The role of the shipped bundle that covers a class. */
const roleOf: Readonly<Record<ActionClass, Role>> = {
  read: 'reader',
  search: 'searcher',
  write: 'publisher',
  publish: 'publisher',
  delete: 'publisher',
  sync: 'syncer',
  admin: 'admin',
};

/** It answers with whole records, so the shipped bundle asks for the right to read them by this method too. */
const searchRecords = '/agntcy.dir.search.v1.SearchService/SearchRecords';

/** Grants of exactly these methods of the Directory: for each role those of its methods that are among them. */
export function grantsForMethods(methods: ReadonlySet<string>): readonly Grant[] {
  const byRole = new Map<Role, Set<string>>();
  const add = (role: Role, method: string): void => {
    byRole.set(role, (byRole.get(role) ?? new Set()).add(method));
  };
  for (const [method, rule] of directoryCatalogue) {
    if (!methods.has(method)) continue;
    add(roleOf[rule.class], method);
    if (method === searchRecords) add('reader', method);
  }
  return [...byRole].map(([role, held]) => ({ roles: [role], methods: [...held].sort() }));
}
