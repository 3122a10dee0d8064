/** The database file cannot be used. The message names the file and the remedy; the file is as it was. */
export class DirectoryFileError extends Error {
  override readonly name = 'DirectoryFileError';
  /** `foreign`: not one of ours; `newer`: made by a newer version; `unusable`: cannot be opened or read. */
  readonly code: 'foreign' | 'newer' | 'unusable';
  readonly file: string;

  constructor(code: DirectoryFileError['code'], file: string, message: string, cause?: unknown) {
    super(`${file}: ${message}`, { cause });
    this.code = code;
    this.file = file;
  }
}
