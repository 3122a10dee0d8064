import { MAX_CHARACTERS, mutateText } from './mutate-text.js';
import type { Mutation, Random } from './random.js';

/** JSON that can say what an object cannot: a member twice, a number by its spelling. */
type Json = { readonly text: string } | { readonly list: Json[] } | { readonly members: [name: string, value: Json][] };

const literal = (text: string): Json => ({ text });
const ODD = [
  'null', 'true', '0', '-1', '1.5', '1e400', '-0', '00', '1.', '9007199254740993', '18446744073709551616', '99999999999999999999999',
  '""', '"a"', '[]', '{}', '[null]', '"\\u0000"', '"\\ud800"', '"spiffe://td/a"', '"jwt-svid"', '"x509-svid"', '"EC"', '"RSA"', '"OKP"', '"P-384"',
  '"AQAB"', '"ES256"', '"none"', '"td"', '1795330350', '"1795330350"',
] as const; // biome-ignore format: one idea, not fifty lines
const NAMES = [
  'kid',
  'kty',
  'use',
  'alg',
  'crv',
  'd',
  'k',
  'x5c',
  'keys',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'typ',
  'crit',
  '__proto__',
  '',
  'td',
] as const;

function read(value: unknown): Json {
  if (Array.isArray(value)) return { list: value.map(read) };
  if (typeof value !== 'object' || value === null) return literal(JSON.stringify(value) ?? 'null');
  return { members: Object.entries(value).map(([name, member]) => [name, read(member)]) };
}

/** Each member name may be written with an escape. */
function write(json: Json, random: Random): string {
  if ('text' in json) return json.text;
  if ('list' in json) return `[${json.list.map((one) => write(one, random)).join(',')}]`;
  return `{${json.members.map(([name, value]) => `${writeName(name, random)}:${write(value, random)}`).join(random.once(9) ? ' ,\n' : ',')}}`;
}

function writeName(name: string, random: Random): string {
  if (name === '' || !random.once(20)) return JSON.stringify(name);
  const at = random.below(name.length);
  const escaped = `\\u${name.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return JSON.stringify(name.slice(0, at)).slice(0, -1) + escaped + JSON.stringify(name.slice(at + 1)).slice(1);
}

/** Every object and list. */
function collectHolders(json: Json, holders: Json[]): readonly Json[] {
  if ('text' in json) return holders;
  holders.push(json);
  if ('list' in json) for (const one of json.list) collectHolders(one, holders);
  else for (const [, value] of json.members) collectHolders(value, holders);
  return holders;
}

function changed(value: Json, random: Random): Json {
  switch (random.below(4)) {
    case 0:
      return literal('['.repeat(40) + ']'.repeat(40));
    case 1:
      return { list: Array.from({ length: random.once(9) ? random.below(400) : 2 }, () => value) };
    case 2:
      return 'text' in value ? literal(mutateText(value.text, random, [value.text])) : literal('0');
    default:
      return literal(random.pick(ODD));
  }
}

function changeHolder(holder: Json, random: Random): void {
  if ('text' in holder) return;
  const size = 'list' in holder ? holder.list.length : holder.members.length;
  const at = random.below(size);
  const operation = size === 0 ? 0 : random.below(4);
  if ('list' in holder) {
    const value = holder.list[at] ?? literal(random.pick(ODD));
    if (operation === 0) holder.list.splice(at, 0, value, literal(random.pick(ODD)));
    else if (operation === 1) holder.list.splice(at, 1);
    else holder.list[at] = changed(value, random);
    return;
  }
  const [name, value] = holder.members[at] ?? [random.pick(NAMES), literal(random.pick(ODD))];
  if (operation === 0)
    holder.members.push([random.once(2) ? name : random.pick(NAMES), random.once(2) ? value : changed(value, random)]);
  else if (operation === 1) holder.members.splice(at, 1);
  else if (operation === 2) holder.members[at] = [random.pick(NAMES), value];
  else holder.members[at] = [name, changed(value, random)];
}

/** Changes what the text says, mostly; the text itself otherwise. */
export const mutateJson: Mutation<string> = (text, random, others) => {
  if (random.once(4)) return mutateText(text, random, others);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return mutateText(text, random, others);
  }
  const json = read(parsed);
  const holders = collectHolders(json, []);
  const holder = holders[random.below(holders.length)];
  if (holder !== undefined) changeHolder(holder, random);
  const written = write(json, random);
  return written.length > MAX_CHARACTERS ? text : written;
};

/** A token whose parts are changed and encoded again, or the text of a token. */
export const mutateToken: Mutation<string> = (token, random, others) => {
  const parts = token.split('.');
  const at = random.below(3);
  const part = parts[at];
  if (part === undefined || random.once(4)) return mutateText(token, random, others);
  const text = Buffer.from(part, 'base64url').toString(at === 2 ? 'latin1' : 'utf8');
  parts[at] = Buffer.from((at === 2 ? mutateText : mutateJson)(text, random, [text]), at === 2 ? 'latin1' : 'utf8').toString(
    'base64url',
  );
  return parts.join('.');
};
