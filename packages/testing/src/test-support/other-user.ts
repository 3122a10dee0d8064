import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ConnectWorkloadApiOptions, FileIdentityOptions } from '@dirgate/workload-api';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const NOBODY = 65_534;

/** Root may open everything. Whoever else runs the tests meets the same modes as an owner without rights. */
const IS_ROOT = process.getuid?.() === 0;
/** Who {@link openAsOther} is. */
export const OTHER_UID = IS_ROOT ? NOBODY : process.getuid?.();
export const OTHER_GID = IS_ROOT ? NOBODY : process.getgid?.();

// It drops its rights once all is loaded, since it may be that only root can read this repository.
const CHILD = `
import * as api from '@dirgate/workload-api';
const [name, options, id] = JSON.parse(process.argv.at(-1));
if (process.getuid() === 0) {
  process.setgroups([]);
  process.setgid(id);
  process.setuid(id);
}
try {
  const identity = await api[name](options);
  console.log(JSON.stringify({ opened: String(identity.x509Svid()?.id) }));
  await identity.close();
} catch ({ code, message }) {
  console.log(JSON.stringify({ code, message }));
}
`;

/** The identity that was opened, or the error. */
export type OpenedAsOther = { readonly opened: string } | { readonly code: string; readonly message: string };

/** Opens an identity in a process that is not root's, with the built package; resolves when that process has ended. */
export function openAsOther(
  ...what:
    | readonly ['connectWorkloadApi', Pick<ConnectWorkloadApiOptions, 'address' | 'firstUpdateTimeoutMs'>]
    | readonly ['fileIdentity', Omit<FileIdentityOptions, 'logger' | 'clock'>]
): Promise<OpenedAsOther> {
  const args = ['--input-type=module', '--eval', CHILD, '--', JSON.stringify([...what, NOBODY])];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: PACKAGE, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr || error.message, { cause: error }));
      else resolve(JSON.parse(stdout) as OpenedAsOther);
    });
  });
}
