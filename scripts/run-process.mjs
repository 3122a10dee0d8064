import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './workspace.mjs';

/**
 * Runs a program and waits for its end; never throws.
 * With `show` its output goes straight to the terminal, otherwise it is collected in `output`.
 * A program that cannot be started, or dies of a signal, has a `code` other than 0; one that runs longer than `limitMs` is
 * killed and has `code` 124.
 */
export function runProcess(command, args, { show = false, env = process.env, cwd = ROOT, limitMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
      detached: limitMs !== undefined, // a group of its own, so that what it started ends with it
    });
    const killGroup = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // it has ended already
      }
    };
    let output = '';
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout?.setEncoding('utf8').on('data', collect);
    child.stderr?.setEncoding('utf8').on('data', collect);
    let late = false;
    const timer =
      limitMs === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            killGroup('SIGKILL');
          }, limitMs);
    if (limitMs !== undefined) {
      for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => killGroup(signal));
    }
    child.on('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}\n` }));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: late ? 124 : (code ?? 1), output });
    });
  });
}

/** {@link runProcess} for a JavaScript program inside `node_modules`, which saves the start of a shell and of npx. */
export function runTool(path, args, options) {
  return runProcess(process.execPath, [join(ROOT, 'node_modules', path), ...args], options);
}
