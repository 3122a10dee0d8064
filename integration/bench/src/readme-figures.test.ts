import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BENCHMARKS } from './benchmarks.js';
import { formatTable } from './markdown-table.js';
import { figureMarkers, replaceFigures } from './readme-figures.js';

const { begin, end } = figureMarkers('grpc');

describe('the figures in a README', () => {
  test('replace those of before, and nothing else', () => {
    const readme = `# Bench\n\n${begin}\nold\n${end}\n\nmore\n`;
    const once = replaceFigures(readme, 'grpc', 'new $& $1');
    expect(once).toBe(`# Bench\n\n${begin}\n\nnew $& $1\n\n${end}\n\nmore\n`);
    expect(replaceFigures(once, 'grpc', 'new $& $1')).toBe(once);
  });

  test.each([
    ['no markers', 'text'],
    ['no end', `${begin}\n`],
    ['no begin', `${end}\n`],
    ['the wrong order', `${end}\n${begin}\n`],
    ['two blocks', `${begin}\n${end}\n${begin}\n${end}\n`],
    ['markers of another benchmark', `${figureMarkers('tls').begin}\n${figureMarkers('tls').end}\n`],
  ])('are not written into a README with %s', (_what, readme) => {
    expect(() => replaceFigures(readme, 'grpc', 'new')).toThrow(begin);
  });

  test.each([...BENCHMARKS.keys()])('of %s have their place in ours', (name) => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const markers = figureMarkers(name);
    expect(replaceFigures(readme, name, 'new')).toContain(`${markers.begin}\n\nnew\n\n${markers.end}`);
  });
});

test('a table has aligned columns', () => {
  expect(formatTable(['a', 'bb'], [['long cell', 'x']])).toBe('| a         | bb  |\n| --------- | --- |\n| long cell | x   |');
});
