/** Piece of a pattern: what it may be, and how often it stands. */
interface Piece {
  readonly choices: readonly (readonly Piece[])[] | readonly string[];
  readonly min: number;
  readonly max: number;
}

const openEnded = 3;
const ranges: Readonly<Record<string, string>> = { d: '0-9', S: 'a-z', w: 'a-z0-9_', s: ' ' };

/**
 * A random text that a regular expression accepts: literals, classes, groups, alternatives and
 * counts, which is what the patterns of the cloud's schemas are made of. Other syntax throws.
 */
export function textMatching(pattern: string, unit: () => number): string {
  const reader = { text: pattern, at: 0 };
  const choices = readChoices(reader);
  if (reader.at < pattern.length) throw new Error(`a pattern that cannot be read: ${pattern}`);
  return writeChoices(choices, unit);
}

interface Reader {
  readonly text: string;
  at: number;
}

function readChoices(reader: Reader): readonly (readonly Piece[])[] {
  const choices: Piece[][] = [[]];
  for (;;) {
    const sign = reader.text[reader.at];
    if (sign === undefined || sign === ')') return choices;
    reader.at += 1;
    if (sign === '^' || sign === '$') continue;
    if (sign === '|') choices.push([]);
    else choices.at(-1)!.push({ choices: readOne(reader, sign), ...readCount(reader) });
  }
}

function readOne(reader: Reader, sign: string): Piece['choices'] {
  if (sign === '(') {
    if (reader.text.startsWith('?:', reader.at)) reader.at += 2;
    const choices = readChoices(reader);
    reader.at += 1;
    return choices;
  }
  if (sign === '[') {
    const end = reader.text.indexOf(']', reader.at);
    const inside = reader.text.slice(reader.at, end);
    reader.at = end + 1;
    return signsOf(inside);
  }
  if (sign === '\\') {
    const escaped = reader.text[reader.at]!;
    reader.at += 1;
    const range = ranges[escaped];
    return range === undefined ? [escaped] : signsOf(range);
  }
  if ('?*+{}.'.includes(sign)) throw new Error(`a pattern that cannot be read: ${reader.text}`);
  return [sign];
}

function signsOf(inside: string): readonly string[] {
  if (inside.startsWith('^')) throw new Error(`a class that cannot be read: [${inside}]`);
  const signs: string[] = [];
  for (let at = 0; at < inside.length; at += 1) {
    const from = inside[at]!;
    const to = inside[at + 2];
    if (inside[at + 1] !== '-' || to === undefined) signs.push(from);
    else {
      for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code += 1)
        signs.push(String.fromCharCode(code));
      at += 2;
    }
  }
  return signs;
}

function readCount(reader: Reader): { readonly min: number; readonly max: number } {
  const counted = /^(?:\{(\d+)(,?)(\d*)\}|([?*+]))/.exec(reader.text.slice(reader.at));
  if (counted === null) return { min: 1, max: 1 };
  reader.at += counted[0].length;
  const [, from, comma, to, sign] = counted;
  if (sign !== undefined) return { min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : openEnded };
  const min = Number(from);
  if (comma === '') return { min, max: min };
  return { min, max: to === '' ? min + openEnded : Number(to) };
}

function writeChoices(choices: Piece['choices'], unit: () => number): string {
  const choice = choices[Math.floor(unit() * choices.length)]!;
  if (typeof choice === 'string') return choice;
  return choice
    .map(({ choices: inner, min, max }) =>
      Array.from({ length: min + Math.floor(unit() * (max - min + 1)) }, () =>
        writeChoices(inner, unit),
      ).join(''),
    )
    .join('');
}
