/** One block of PEM text. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly label: string;
  readonly der: Uint8Array;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g;
/** Of a length that four divides. Without a group that is repeated: V8 would run out of stack at some megabytes. */
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The blocks of PEM text, in order. Text between them is skipped, as RFC 7468 §2 allows; `undefined` when a block is broken or
 * there is none. Encrypted keys of the old form, with header lines, are broken blocks here.
 */
export function readPemBlocks(text: string): readonly [PemBlock, ...PemBlock[]] | undefined {
  const blocks: PemBlock[] = [];
  let broken = false;
  const between = text.replace(BLOCK, (_block, label: string, body: string) => {
    const base64 = body.replace(/\s+/g, '');
    broken ||= base64.length % 4 !== 0 || !BASE64.test(base64);
    blocks.push({ label, der: Buffer.from(base64, 'base64') });
    return '';
  });
  const [first, ...others] = blocks;
  return first && !broken && !between.includes('-----') ? [first, ...others] : undefined;
}
