/** The programs that the suites run. */
export interface SpireTools {
  readonly server: string;
  readonly agent: string;
  /** integration/spire/go-client, built. */
  readonly goClient: string;
}

/** Reads from the environment what scripts/test-spire.mjs found or built. */
export function readSpireTools(environment: NodeJS.ProcessEnv): SpireTools {
  const read = (variable: string): string => {
    const path = environment[variable];
    if (!path) throw new Error(`${variable} is not set: start the suites with \`npm run test:spire\`.`);
    return path;
  };
  return { server: read('SPIRE_SERVER'), agent: read('SPIRE_AGENT'), goClient: read('SPIRE_GO_CLIENT') };
}
