import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const text = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

it('shows in the README the grants that its example loads', () => {
  expect(text('README.md')).toContain(`\`\`\`yaml\n${text('examples/team/grants.yaml')}\`\`\`\n`);
});
