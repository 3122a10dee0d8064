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

/**
 * Grants of exactly these methods of the Directory: for each role those of its methods that are among them. The shipped
 * bundles ask for the right to read, by a search, what it answers with: whom Casbin lets search, it shows all of that.
 */
export function grantsForMethods(methods: ReadonlySet<string>): readonly Grant[] {
  const byRole = new Map<Role, Set<string>>();
  const add = (role: Role, method: string): void => {
    byRole.set(role, (byRole.get(role) ?? new Set()).add(method));
  };
  for (const [method, rule] of directoryCatalogue) {
    if (!methods.has(method)) continue;
    add(roleOf[rule.class], method);
    if (rule.class === 'search') add('reader', method);
  }
  return [...byRole].map(([role, held]) => ({ roles: [role], methods: [...held].sort() }));
}
