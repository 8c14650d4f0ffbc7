import type { PaperItem } from '#terminal/ipc/receipt-template.ts';

/** Where each character of a printed line stands, in dots: a column is 12 wide, a hanzi takes two. */
export type PaperLine = Extract<PaperItem, { type: 'line' }>;

export interface GridLine {
  /** How much wider and higher than a normal one a character is. */
  readonly scaleX: 0.75 | 1 | 2;
  readonly scaleY: 0.75 | 1 | 2;
  readonly heightDots: number;
  /** Characters of one column and of two, each with the middle of its cell, before scaling. */
  readonly narrow: GridRun;
  readonly wide: GridRun;
}

export interface GridRun {
  readonly text: string;
  /** One place for every UTF-16 unit, as SVG counts them. */
  readonly middles: readonly number[];
}

export const columnDots = 12;
export const glyphDots = 24;
export const lineDots = 30;

export function gridOf(line: PaperLine, dots: number): GridLine {
  const single = line.small === true ? 0.75 : 1;
  const scaleX = line.size === 'wide' || line.size === 'double' ? 2 : single;
  const scaleY = line.size === 'tall' || line.size === 'double' ? 2 : single;
  const characters = Array.from(line.text);
  const columnsOf = (character: string): 1 | 2 =>
    character <= '\u007F' || line.narrow?.includes(character) === true ? 1 : 2;
  const widthDots = characters.reduce((sum, one) => sum + columnsOf(one), 0) * columnDots * scaleX;
  const free = Math.max(0, dots - widthDots);
  const start = line.align === 'left' ? 0 : line.align === 'right' ? free : free / 2;
  const narrow = { text: '', middles: [] as number[] };
  const wide = { text: '', middles: [] as number[] };
  let at = start / scaleX;
  for (const character of characters) {
    const columns = columnsOf(character);
    const run = columns === 1 ? narrow : wide;
    run.text += character;
    for (let unit = 0; unit < character.length; unit += 1)
      run.middles.push(at + (columns * columnDots) / 2);
    at += columns * columnDots;
  }
  return { scaleX, scaleY, heightDots: glyphDots * scaleY + lineDots - glyphDots, narrow, wide };
}
