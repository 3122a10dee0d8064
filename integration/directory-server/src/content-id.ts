import { createHash } from 'node:crypto';
import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';

/** The codec number that the Directory uses. It is neither raw (0x55) nor dag-json (0x0129). */
const codec = 0x01;
const sha256 = 0x12;

/** The content identifier of some bytes: CIDv1, SHA2-256, lower-case base32; 59 characters (directory-wire §2.1). */
export function contentId(bytes: Uint8Array | string): string {
  const digest = createHash('sha256').update(bytes).digest();
  return CID.createV1(codec, Digest.create(sha256, digest)).toString();
}
