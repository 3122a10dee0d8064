// TypeScript types from the JSON Schemas of the policy contract, and the grants schema as a module.
import { readFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';

const root = new URL('..', import.meta.url);
const banner = (schema) => `// Generated from policies/schemas/${schema} by npm run policy:build. Do not edit.`;

const readSchema = async (schema) => JSON.parse(await readFile(new URL(`policies/schemas/${schema}`, root), 'utf8'));

// json-schema-to-typescript 16 has no option for readonly.
const withReadonly = (text) =>
  text
    .replace(/^( +)(?=(?:[A-Za-z_$][\w$]*\??|\[k: string\]): )/gm, '$1readonly ')
    .replace(/(?<=[:<|=] ?)((?:[A-Za-z_$][\w$]*|\([^()]*\))\[\])/g, 'readonly $1');

async function typesOf(schema) {
  const { title, ...document } = await readSchema(schema);
  const text = await compile(document, title, {
    bannerComment: banner(schema),
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    strictIndexSignatures: false,
    style: { singleQuote: true, printWidth: 130 },
  });
  return withReadonly(text);
}

async function grantsSchemaModule(schema) {
  const text = JSON.stringify(await readSchema(schema), undefined, 2);
  return `${banner(schema)}\nexport const grantsSchema = ${text} as const;\n`;
}

/** The generated files: path from the repository's root, and text. */
export async function generatedFiles() {
  return [
    ['packages/guard/src/gen/decision-input.ts', await typesOf('decision-input.schema.json')],
    ['packages/policy/src/gen/decision-output.ts', await typesOf('decision-output.schema.json')],
    ['packages/policy/src/gen/grants.ts', await typesOf('grants.schema.json')],
    ['packages/policy/src/gen/grants-schema.ts', await grantsSchemaModule('grants.schema.json')],
  ];
}
