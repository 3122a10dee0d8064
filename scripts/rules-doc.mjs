import './require-node.mjs';

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

const DOC = join(ROOT, 'docs', 'rules.md');
const TABLE = join(ROOT, 'packages', 'spiffe', 'dist', 'rules.js');

const SECTIONS = [
  ['ID', 'SPIFFE IDs'],
  ['X', 'X509-SVIDs'],
  ['J', 'JWT-SVIDs'],
  ['B', 'Bundles and bundle maps'],
  ['W', 'Workload API, as far as parsers are concerned'],
];

/** What docs/rules.md must be: the rule table of the built `@dirgate/spiffe`. */
async function rulesDoc() {
  const { RULES } = await import(pathToFileURL(TABLE).href);
  const sections = SECTIONS.map(([letter, title]) => section(title, RULES, `${letter}-`));
  return `<!-- Generated from packages/spiffe/src/rules.ts by npm run rules:doc. Do not edit. -->

# What \`@dirgate/spiffe\` checks

Each rule has an ID that never changes; errors name it as \`rule\`, beside their \`code\`. MUST, SHOULD and MAY are the words of the
standard. OURS is a stance of our own where the standard is silent, only advises, or binds issuers. PUB binds issuers and publishers.
For every rule \`rules.test.ts\` shows a good credential that passes, and one change for which it is refused with one of the codes.

${sections.join('\n')}`;
}

/** Nothing when docs/rules.md is what the table gives. Reads the build. */
export async function rulesDocProblems() {
  const current = existsSync(DOC) ? readFileSync(DOC, 'utf8') : undefined;
  return current === (await rulesDoc())
    ? []
    : ['docs/rules.md is not what packages/spiffe/src/rules.ts gives: run `npm run rules:doc`'];
}

function section(title, rules, prefix) {
  const rows = rules.filter(({ id }) => id.startsWith(prefix)).map(row);
  return `## ${title}\n\n| rule | level | what holds | standard | codes |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`;
}

function row({ id, level, text, clauses, codes, elsewhere }) {
  const proof = elsewhere === undefined ? codes.map((code) => `\`${code}\``).join(' ') : `not here: ${elsewhere}`;
  return `| ${id} | ${level} | ${text} | ${clauses} | ${proof} |\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!(await prepare())) process.exit(1);
  mkdirSync(dirname(DOC), { recursive: true });
  writeFileSync(DOC, await rulesDoc());
}
