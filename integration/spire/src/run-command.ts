import { execFile } from 'node:child_process';

const LIMIT_MS = 30_000;

/** Runs a program to its end and gives what it printed on stdout. Rejects with its output when it fails or takes half a minute. */
export function runCommand(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: LIMIT_MS, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new Error(`${program} ${args.slice(0, 2).join(' ')} failed: ${stderr || stdout || error.message}`, { cause: error }),
        );
    });
  });
}
