import type { ParsedCommand } from '#drivers/simulator/escpos/escpos-command.ts';
import type { PaperSpan } from '#drivers/simulator/paper/paper.ts';
import type { PenMode } from '#drivers/simulator/paper/pen-mode.ts';

/** One character in a line that is not on paper yet. */
export interface PaperCharacter {
  readonly text: string;
  /** At single width; a drawn one may take any part of a column. */
  readonly columns: number;
  readonly style: { readonly width: number; readonly height: number; readonly bold: boolean };
  readonly image: Uint8Array | null;
}

export const dotsPerColumn = 12;
/** Font B beside font A: 9 dots of 12. */
const smallPart = 0.75;

/** Stands for a drawn character where letters are expected. */
const drawnCharacter = '\uFFFC';

/** What a command adds to the line, in the style of the moment. */
export function characterOf(
  command: Extract<
    ParsedCommand,
    { readonly type: 'character' | 'defined-hanzi' | 'inline-image' }
  >,
  { bold, small, style, hanzi, defined }: PenMode,
): PaperCharacter {
  switch (command.type) {
    case 'character': {
      const { text, columns } = command;
      const letter = small
        ? { width: style.width * smallPart, height: style.height * smallPart }
        : style;
      return { text, columns, style: { ...(columns === 2 ? hanzi : letter), bold }, image: null };
    }
    case 'defined-hanzi': {
      // A character that was never defined prints as a space (Epson, FS 2).
      const image = defined.get(command.trail) ?? new Uint8Array();
      return { text: drawnCharacter, columns: 2, style: { ...hanzi, bold }, image };
    }
    case 'inline-image': {
      // Modes of letters do not reach it (Epson, ESC *).
      const { columns: image } = command;
      const columns = image.length / (3 * dotsPerColumn);
      return { text: drawnCharacter, columns, style: { width: 1, height: 1, bold: false }, image };
    }
  }
}

/** The line with one more character; null when the paper has no room for it. */
export function addCharacter(
  line: readonly PaperCharacter[],
  character: PaperCharacter,
  dots: number,
): readonly PaperCharacter[] | null {
  const longer = [...line, character];
  const used = longer.reduce((sum, each) => sum + each.columns * each.style.width, 0);
  return used * dotsPerColumn > dots ? null : longer;
}

/** Neighbours of one style together; drawn characters each by themselves. */
export function spansOf(line: readonly PaperCharacter[]): readonly PaperSpan[] {
  const spans: PaperSpan[] = [];
  for (const { text, columns, style, image } of line) {
    const last = spans.at(-1);
    const same =
      image === null &&
      last?.image === null &&
      last.width === style.width &&
      last.height === style.height &&
      last.bold === style.bold;
    if (last !== undefined && same) {
      const joined = { text: last.text + text, columns: [...last.columns, columns] };
      spans[spans.length - 1] = { ...last, ...joined };
    } else spans.push({ text, columns: [columns], ...style, image });
  }
  return spans;
}
