import type { SyncService } from '@dirgate/directory';
import { DirectoryError } from './directory-error.js';
import type { ServiceHandlers } from './service-handlers.js';

/** SyncService: the methods exist, so that a guard has them to judge, but this directory mirrors nothing. */
export function createSyncService(): ServiceHandlers<typeof SyncService> {
  const unimplemented = (): never => {
    throw new DirectoryError('UNIMPLEMENTED', 'this directory does not mirror others');
  };
  return {
    createSync: unimplemented,
    listSyncs: unimplemented,
    getSync: unimplemented,
    deleteSync: unimplemented,
    requestRegistryCredentials: unimplemented,
  };
}
