import type { Grants } from './gen/grants.js';
import { parseGrants } from './grants-text.js';
import { PolicyError } from './policy-error.js';
import { FileProblem, readRegularFile } from './read-file.js';

const maxBytes = 8 * 1024 * 1024;

/** The grants, and the text that they were read from. */
export interface GrantsFile {
  readonly grants: Grants;
  readonly text: string;
}

/**
 * Reads a grants file, as {@link parseGrants} does its text. The error names the first mistake and how many more there are.
 *
 * @throws {PolicyError} `grants_unreadable`, `grants_bad_yaml`, `grants_invalid`, with the path, the line and the column
 */
export async function readGrants(path: string): Promise<GrantsFile> {
  const text = await readText(path);
  const parsed = parseGrants(text);
  if ('grants' in parsed) return { grants: parsed.grants, text };
  const [first, ...more] = parsed.problems;
  if (first === undefined) throw new PolicyError('grants_invalid', `${path}: not valid; correct the file`);
  const { code, line, column, message } = first;
  const others = more.length === 0 ? '' : ` (and ${more.length} more mistake${more.length === 1 ? '' : 's'})`;
  throw new PolicyError(code, `${path}:${line}:${column}: ${message}${others}; correct the file`);
}

async function readText(path: string): Promise<string> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readRegularFile(path, { maxBytes, followsLink: true });
  } catch (cause) {
    const reason = cause instanceof FileProblem ? cause.message : 'unknown';
    throw new PolicyError('grants_unreadable', `${path}: cannot be read (${reason}); check the path and its permissions`, {
      cause,
    });
  }
  if (bytes === undefined) throw new PolicyError('grants_invalid', `${path}: larger than ${maxBytes} bytes; use prefixes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new PolicyError('grants_bad_yaml', `${path}: not UTF-8 text; correct the file`, { cause });
  }
}
