import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { members, ROOT } from './workspace.mjs';

const FENCE = /^(?<indent> *)(?<ticks>`{3,})(?<language>[^\s`]*)[^\n`]*\n(?<text>[\s\S]*?)^\k<indent>\k<ticks> *$/gm;

/** The pages whose code is tested: every README, and what a contributor reads. */
export function pages(root = ROOT) {
  const fixed = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'policies/README.md', 'proto/README.md'].map((name) =>
    join(root, name),
  );
  return [...fixed, ...members(root).map(({ path }) => join(path, 'README.md'))].filter((path) => existsSync(path));
}

/**
 * The fenced blocks of one page in their order. `line` is that of the fence.
 */
export function blocksOf(page, root = ROOT) {
  return blocksIn(readFileSync(page, 'utf8')).map((block) => ({ page: relative(root, page), ...block }));
}

/** {@link blocksOf} of a text. */
export function blocksIn(markdown) {
  return [...markdown.matchAll(FENCE)].map((match) => {
    const { indent, language, text } = match.groups;
    const before = markdown.slice(0, match.index);
    return {
      line: before.split('\n').length,
      language: language.toLowerCase(),
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    };
  });
}

/** The names of the npm scripts that a text of shell commands calls. */
export function npmScriptsIn(text) {
  const named = [...text.matchAll(/\bnpm run (?:-s |--silent )?([\w:-]+)/g)].map((match) => match[1]);
  const short = [...text.matchAll(/\bnpm (start|test)\b/g)].map((match) => match[1]);
  return [...named, ...short];
}
