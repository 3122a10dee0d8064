/** Runs spire-server's command line; the first words choose the command. */
type Run = (...args: string[]) => Promise<string>;

/** The steps in which a signing key of a spire-server is replaced, for X.509 or for JWT. */
export class SpireAuthority {
  readonly #kind: 'x509' | 'jwt';
  readonly #run: Run;

  constructor(kind: 'x509' | 'jwt', run: Run) {
    this.#kind = kind;
    this.#run = run;
  }

  /** Makes the next key and puts it into the bundle; gives its id. */
  async prepare(): Promise<string> {
    const output = await this.#command('prepare');
    return authorityId(output, 'prepared_authority');
  }

  /** From now on this key signs; gives the id of the key that did before. */
  async activate(id: string): Promise<string> {
    const before = authorityId(await this.#command('show'), 'active');
    await this.#command('activate', '-authorityID', id);
    return before;
  }

  /** Tells agents to replace what the old key signed. */
  async taint(id: string): Promise<void> {
    await this.#command('taint', '-authorityID', id);
  }

  /** Takes the old key out of the bundle. */
  async revoke(id: string): Promise<void> {
    await this.#command('revoke', '-authorityID', id);
  }

  #command(command: string, ...args: string[]): Promise<string> {
    return this.#run('localauthority', this.#kind, command, '-output', 'json', ...args);
  }
}

function authorityId(output: string, member: string): string {
  const id = (JSON.parse(output) as Record<string, { authority_id?: string } | undefined>)[member]?.authority_id;
  if (!id) throw new Error(`spire-server named no ${member}: ${output}`);
  return id;
}
