import { safeLogger } from '@dirgate/live';

/** Reports nothing. */
export const SILENT_LOGGER = safeLogger(undefined);
