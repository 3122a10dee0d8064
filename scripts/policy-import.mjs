// npm run policy:import: the Casbin policy file of the Go Directory as grants.
import './require-node.mjs';

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { prepare } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

const HELP = `Usage: npm run policy:import -- POLICY.csv --out GRANTS.yaml [--trust-domain NAME]...

Turns a Casbin policy file of the Go Directory (authz_policies.csv) into grants as they were meant, and reports what the running Casbin
lets in beyond them.

  --out FILE           where the grants go; a file that exists is not overwritten
  --trust-domain NAME  a trust domain that the Directory trusts, its own included; needed for rules about more than one
  --help               this text

Ends with 0, or with 2 when there is something to mend first: each such line is named, with what it lets in today.
`;

const { csvFile, outFile, trustDomains } = readOptions();
const csv = orFail(csvFile, () => readFileSync(csvFile, 'utf8'));
if (!(await prepare())) process.exit(1);

const { importCasbin } = await import(`${ROOT}/packages/migration/dist/index.js`);
const { grants, report } = orFail(csvFile, () => importCasbin(csv, { trustDomains }));
const text = `# From ${csvFile}, by npm run policy:import: what its rules meant.\n${stringify(grants)}`;
orFail(outFile, () => writeFileSync(outFile, text, { flag: 'wx' }));
for (const entry of report) console.log(describe(entry));
console.log(`Written ${outFile}; ${report.length} rules are read more widely today, or grant nothing.`);

function describe({ line, rule, meant, alsoToday }) {
  const { trustDomains: domains, trustDomainsContaining, examples, methods } = alsoToday;
  const containing =
    trustDomainsContaining === undefined
      ? []
      : [`  every trust domain in which ${trustDomainsContaining} is found, for example ${examples.join(', ')}`];
  return [
    `line ${line}: p,${rule.trustDomain},${rule.method}`,
    ...(meant.trustDomains.length === 0 || meant.methods.length === 0
      ? ['  grants nothing: no such trust domain or method']
      : []),
    '  today it also lets in:',
    ...containing,
    ...(domains.length > 0 ? [`  of your trust domains: ${domains.join(', ')}`] : []),
    ...methods.map((method) => `  ${method}`),
  ].join('\n');
}

function readOptions() {
  const options = { out: { type: 'string' }, 'trust-domain': { type: 'string', multiple: true }, help: { type: 'boolean' } };
  const { values, positionals } = orFail('policy:import', () => parseArgs({ options, allowPositionals: true }));
  if (values.help) {
    console.log(HELP.trimEnd());
    process.exit(0);
  }
  if (positionals.length !== 1 || values.out === undefined) {
    console.error('policy:import: name one policy file and --out; --help tells more');
    process.exit(2);
  }
  return { csvFile: positionals[0], outFile: values.out, trustDomains: values['trust-domain'] };
}

function orFail(subject, run) {
  try {
    return run();
  } catch (error) {
    const at = error.name === 'SpiffeError' ? '--trust-domain' : subject;
    console.error(error.message.replace(/^/gm, `${at}: `));
    process.exit(2);
  }
}
