import type { PaperSpan } from '#drivers/simulator/paper.ts';

/** One character in a line that is not on paper yet. */
export interface PaperCharacter {
  readonly text: string;
  /** At single width; a drawn one may take any part of a column. */
  readonly columns: number;
  readonly style: { readonly width: number; readonly height: number; readonly bold: boolean };
  readonly image: Uint8Array | null;
}

export const dotsPerColumn = 12;

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
