import type { Align, Column, PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import { toPrintable, widthOf } from '#drivers/printer/receipt/text-gb18030.ts';

/** Lines of one command at most: a runaway text must not eat the roll. */
export const linesPerCommandMax = 200;
/** Characters that must not begin a line: they hang on the line before, in the way of Chinese typesetting. */
const noLineStart = '，。、；：！？）》」』】”’％,.;:!?)%';

/** Wraps text to `columns`, by columns on paper and never inside a character. Keeps newlines; '' is one empty line. */
export function wrapText(text: string, columns: number): readonly string[] {
  if (!/[\r\n]/.test(text)) {
    const single = toPrintable(text);
    if (widthOf(single) <= columns) return [single];
  }
  const lines: string[] = [];
  for (const paragraph of text.split(/\r\n|\r|\n/)) {
    wrapParagraph(toPrintable(paragraph), columns, lines);
    if (lines.length >= linesPerCommandMax) break;
  }
  return lines.slice(0, linesPerCommandMax);
}

/** Fills with spaces to exactly `columns`. The text must not be wider. */
export function padTo(printable: string, columns: number, align: Align): string {
  const free = Math.max(0, columns - widthOf(printable));
  if (align === 'right') return ' '.repeat(free) + printable;
  if (align === 'left') return printable + ' '.repeat(free);
  const left = free >> 1;
  return ' '.repeat(left) + printable + ' '.repeat(free - left);
}

/** One table row as lines of exactly `paper` columns: cells wrap downwards, each inside its own width. */
export function layoutColumns(columns: readonly Column[], paper: PaperWidth): readonly string[] {
  const widths = columnWidths(columns, paper);
  const cells = columns.map((column, index) => {
    const width = widths[index] ?? 0;
    const lines = width === 0 ? [] : wrapText(column.text, width);
    return { lines, width, align: column.align ?? 'left' };
  });
  const height = Math.max(1, ...cells.map((cell) => cell.lines.length));
  return Array.from({ length: height }, (_, row) =>
    cells.map((cell) => padTo(cell.lines[row] ?? '', cell.width, cell.align)).join(''),
  );
}

/** Widths from left to right; the sum never exceeds the paper, later columns give way. */
export function columnWidths(columns: readonly Column[], paper: PaperWidth): readonly number[] {
  const fixed = columns.reduce(
    (sum, column) => sum + (column.width === 'rest' ? 0 : column.width),
    0,
  );
  const restWidth = Math.max(0, paper - fixed);
  let left: number = paper;
  return columns.map((column) => {
    const width = Math.min(column.width === 'rest' ? restWidth : column.width, left);
    left -= width;
    return width;
  });
}

function wrapParagraph(printable: string, columns: number, lines: string[]): void {
  if (widthOf(printable) <= columns) {
    lines.push(printable);
    return;
  }
  let line = '';
  let width = 0;
  for (const character of printable) {
    const own = widthOf(character);
    if (own > columns) continue;
    if (width + own > columns) {
      const carried = carriedOver(line, character, columns - own);
      lines.push(line.slice(0, line.length - carried.length));
      line = carried;
      width = widthOf(carried);
    }
    line += character;
    width += own;
  }
  lines.push(line);
}

/** What moves to the next line together with `character`: an ASCII word's head, or the sign a mark must follow. */
function carriedOver(line: string, character: string, columnsLeft: number): string {
  const word = /[A-Za-z0-9.]$/.test(line) && /[A-Za-z0-9.]/.test(character);
  const tail = word
    ? (/[A-Za-z0-9.,]+$/.exec(line)?.[0] ?? '')
    : noLineStart.includes(character)
      ? lastCharacter(line)
      : '';
  return tail.length < line.length && widthOf(tail) <= columnsLeft ? tail : '';
}

/** By code point: half of a rare hanzi is nothing. */
const lastCharacter = (line: string): string => line.slice(/[\uDC00-\uDFFF]$/.test(line) ? -2 : -1);
