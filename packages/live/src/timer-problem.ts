/**
 * Why a number is no time that a timer of Node can wait, in ms, or `undefined`: beyond 2^31 - 1, and for what is no number, it fires at
 * once, and so would every wait. `name` is that of the option; `least` the smallest that makes sense. Default 0.
 */
export function timerProblem(name: string, value: number, least = 0): string | undefined {
  if (Number.isFinite(value) && value >= least && value < 2 ** 31) return undefined;
  return `${name} must be a number from ${least} to 2147483647`;
}
