/** A header of a tar archive, field by field. */
export interface RawHeader {
  readonly name: string | Uint8Array;
  /** As it stands in the field. Default: what `data` has. */
  readonly size?: string;
  readonly type?: string;
  readonly magic?: string;
  readonly prefix?: string;
  readonly checksum?: string;
}

/** The two blocks that a tar archive ends with. */
export const endMarker: Uint8Array = new Uint8Array(1_024);

/** One entry of a tar archive, with a header that no library would write. */
export function rawEntry(
  { name, size, type = '0', magic = 'ustar\x0000', prefix = '', checksum }: RawHeader,
  data: string | Uint8Array = '',
): Buffer {
  const bytes = Buffer.from(data);
  const header = Buffer.alloc(512);
  header.set(Buffer.from(name));
  header.write('0000644\0', 100, 'latin1');
  header.write(size ?? `${octal(bytes.byteLength, 11)}\0`, 124, 'latin1');
  header.write(type, 156, 'latin1');
  header.write(magic, 257, 'latin1');
  header.write(prefix, 345);
  seal(header);
  if (checksum !== undefined) header.write(checksum, 148, 'latin1');
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.byteLength % 512)) % 512)]);
}

/** Records of a pax header, each with its length. */
export function paxRecords(...records: readonly string[]): string {
  return records
    .map((record) => {
      const rest = Buffer.byteLength(record) + 2;
      const length = rest + String(rest).length;
      return `${rest + String(length).length} ${record}\n`;
    })
    .join('');
}

/** Writes the right checksum into a header. */
export function seal(header: Buffer): void {
  const sum = header
    .fill(' ', 148, 156)
    .subarray(0, 512)
    .reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
