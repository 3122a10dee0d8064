/** Who the system takes us for, for messages that say what we may not do. */
export function thisProcess(): string {
  const uid = process.geteuid?.();
  return uid === undefined ? 'this process' : `this process (uid ${uid})`;
}
