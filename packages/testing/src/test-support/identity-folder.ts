import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileIdentity, type FileIdentityOptions, fileIdentity } from '@dirgate/workload-api';
import { createIdentityAuthority, type IdentityAuthority } from '../identity-authority.js';
import type { X509SvidMaterial } from '../x509-svid-material.js';
import { RecordingLogger } from './recording-logger.js';

const ID = 'spiffe://a.example/agent/a1';

/** A folder of identity files of {@link ID}, whose authorities it has too, and the identities that were opened from it. */
export class IdentityFolder {
  readonly authority: IdentityAuthority;
  readonly directory: string;
  readonly logger = new RecordingLogger();
  readonly #opened: FileIdentity[] = [];

  private constructor(authority: IdentityAuthority, directory: string) {
    this.authority = authority;
    this.directory = directory;
  }

  static async create(): Promise<IdentityFolder> {
    const trustDomains = [{ name: 'a.example', intermediates: 1 }, { name: 'b.example' }];
    return new IdentityFolder(await createIdentityAuthority({ trustDomains }), await mkdtemp(join(tmpdir(), 'dirgate-')));
  }

  async remove(): Promise<void> {
    await Promise.all(this.#opened.map((identity) => identity.close()));
    await this.authority.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  issue(): X509SvidMaterial {
    return this.authority.trustDomain('a.example').issueX509Svid(ID);
  }

  filesOf(svid: X509SvidMaterial): Record<string, string> {
    return {
      'svid.pem': svid.certificates.map((certificate) => pem('CERTIFICATE', certificate)).join(''),
      'key.pem': pem('PRIVATE KEY', svid.privateKey),
      'bundle.pem': this.authority.trustDomain('a.example').x509BundlePem(),
      'b.pem': this.authority.trustDomain('b.example').x509BundlePem(),
    };
  }

  async write(files: Readonly<Record<string, string>>, folder = this.directory): Promise<void> {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  }

  options(changes: Partial<FileIdentityOptions> = {}): FileIdentityOptions {
    const [svid, key, bundle, b] = ['svid.pem', 'key.pem', 'bundle.pem', 'b.pem'].map((name) => join(this.directory, name));
    if (!svid || !key || !bundle || !b) throw new Error('four paths');
    return { svid, key, bundle, federated: { 'b.example': b }, pollMs: 600_000, logger: this.logger, ...changes };
  }

  async open(changes: Partial<FileIdentityOptions> = {}): Promise<FileIdentity> {
    const identity = await fileIdentity(this.options(changes));
    this.#opened.push(identity);
    return identity;
  }
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** Tells one SVID from another. */
export function leafOf(identity: FileIdentity): string {
  return Buffer.from(identity.x509Svid()?.chain[0] ?? []).toString('hex');
}
