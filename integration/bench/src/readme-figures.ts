/** The lines between which a benchmark's figures stand in the README. */
export function figureMarkers(name: string): { readonly begin: string; readonly end: string } {
  return {
    begin: `<!-- figures of ${name}: written by npm run bench -- ${name} --write-readme -->`,
    end: `<!-- end of the figures of ${name} -->`,
  };
}

/** The README with the figures of one benchmark replaced. @throws Error when its markers are not there exactly once */
export function replaceFigures(readme: string, name: string, figures: string): string {
  const { begin, end } = figureMarkers(name);
  const [before, rest, ...more] = readme.split(begin);
  const [, after, ...still] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined || more.length > 0 || still.length > 0) {
    throw new Error(`the README must hold these two lines once, in this order:\n${begin}\n${end}`);
  }
  return `${before}${begin}\n\n${figures}\n\n${end}${after}`;
}
