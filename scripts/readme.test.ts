import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { createIdentityAuthority, type IdentityAuthority } from '@dirgate/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { blocksIn, blocksOf, npmScriptsIn, pages } from './readme-blocks.mjs';
import { ROOT } from './workspace.mjs';

const blocks = pages().flatMap((page) => blocksOf(page));
const modules = blocks.filter(({ language }) => language === 'ts' || language === 'typescript');
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('code in the READMEs', () => {
  it('compiles', { timeout: 120_000 }, async () => {
    expect(modules.length).toBeGreaterThan(0);
    expect(await compile(modules.map((block) => writeModule(block)))).toBe('');
  });

  describe('runs, with the Workload API of spiffe://prod.example/directory at SPIFFE_ENDPOINT_SOCKET', () => {
    let authority: IdentityAuthority;
    beforeAll(async () => {
      authority = await createIdentityAuthority({ trustDomains: [{ name: 'prod.example' }] });
      const { address } = await authority.serveWorkloadApi({ id: 'spiffe://prod.example/directory' });
      vi.stubEnv('SPIFFE_ENDPOINT_SOCKET', address);
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      await authority[Symbol.asyncDispose]();
    });

    for (const block of modules) {
      it(`${block.page}:${block.line}`, { timeout: 30_000 }, async () => {
        const example = (await import(/* @vite-ignore */ writeModule(block))) as { stop?: () => Promise<void> };
        await example.stop?.();
      });
    }
  });

  for (const block of blocks.filter(({ language }) => language === 'json' || language === 'yaml')) {
    it(`parses: ${block.page}:${block.line}`, () => {
      if (block.language === 'json') JSON.parse(block.text);
      else for (const document of parseAllDocuments(block.text)) expect(document.errors).toEqual([]);
    });
  }

  it('calls only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const texts = pages().map((page) => ({ page: relative(ROOT, page), text: readFileSync(page, 'utf8') }));
    const unknown = texts.flatMap(({ page, text }) =>
      npmScriptsIn(text)
        .filter((name) => !Object.hasOwn(scripts, name))
        .map((name) => `${page}: npm run ${name}`),
    );
    expect(unknown).toEqual([]);
  });
});

describe('this test itself', () => {
  it('finds blocks, their language and line', () => {
    const found = blocksIn('# A\n\n```ts\nconst a = 1;\n```\n\n- x\n  ```json\n  {}\n  ```\n```\nplain\n```\n');
    expect(found).toEqual([
      { line: 3, language: 'ts', text: 'const a = 1;\n' },
      { line: 8, language: 'json', text: '{}\n' },
      { line: 11, language: '', text: 'plain\n' },
    ]);
  });

  it('fails for a block that does not compile', { timeout: 120_000 }, async () => {
    const broken = { page: 'packages/spiffe/README.md', line: 1, text: "export const port: number = 'http';\n" };
    expect(await compile([writeModule(broken)])).toContain('TS2322');
  });
});

/** Writes the block into the demo, whose dependencies are all that an example may import. */
function writeModule({ page, line, text }: { readonly page: string; readonly line: number; readonly text: string }): string {
  const file = join(newFolder(), `${page.replaceAll('/', '_').replace(/\.md$/, '')}_line_${line}.ts`);
  // The export makes a module of a block that has none, so that it may await.
  writeFileSync(file, `${text}\nexport {};\n`);
  return file;
}

function newFolder(): string {
  const parent = join(ROOT, 'integration/demo/temp');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'readme-'));
  folders.push(folder);
  return folder;
}

/** What the compiler has against the files: nothing, or its lines. */
async function compile(files: readonly string[]): Promise<string> {
  const project = join(newFolder(), 'tsconfig.json');
  const base = relative(dirname(project), join(ROOT, 'tsconfig.test.json'));
  // An example may show a value without using it.
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false };
  writeFileSync(project, JSON.stringify({ extends: base, compilerOptions, include: [], files }));
  try {
    await promisify(execFile)(process.execPath, [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      '-p',
      project,
      '--pretty',
      'false',
    ]);
    return '';
  } catch (error) {
    return (error as { readonly stdout: string }).stdout || String(error);
  }
}
