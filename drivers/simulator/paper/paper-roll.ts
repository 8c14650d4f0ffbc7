import { addCharacter, spansOf, type PaperCharacter } from '#drivers/simulator/paper/paper-line.ts';
import type { PaperAlign, PaperRecord } from '#drivers/simulator/paper/paper.ts';

export type RasterImage = Pick<
  Extract<PaperRecord, { readonly type: 'raster' }>,
  'widthBytes' | 'rows' | 'bytes'
>;

/** The roll under the head, and the line that is being set. What moves paper answers by how many lines. */
export interface PaperRoll {
  put(record: PaperRecord | null, lines: number): number;
  type(character: PaperCharacter, align: PaperAlign): number;
  endLine(align: PaperAlign): number;
  /** Only when there is something in it. */
  endHalfLine(align: PaperAlign): number;
  feed(lines: number, align: PaperAlign): number;
  raster(image: RasterImage | null, align: PaperAlign): number;
  forgetLine(): void;
}

/** Older paper is forgotten. */
const paperRecordsMax = 4_000;
const dotsPerLine = 24;

export function createPaperRoll(paper: PaperRecord[], dots: number): PaperRoll {
  let line: readonly PaperCharacter[] = [];

  const put = (record: PaperRecord | null, lines: number): number => {
    if (record === null) return 0;
    paper.push(record);
    if (paper.length > paperRecordsMax) paper.shift();
    return lines;
  };
  const breakLine = (align: PaperAlign, overflowed: boolean): number => {
    const height = Math.max(1, ...line.map((character) => character.style.height));
    const spans = spansOf(line);
    line = [];
    return put({ type: 'line', spans, align, overflowed }, height);
  };
  const endHalfLine = (align: PaperAlign): number =>
    line.length > 0 ? breakLine(align, false) : 0;

  return {
    put,
    endHalfLine,
    endLine: (align) => breakLine(align, false),
    type: (character, align) => {
      const longer = addCharacter(line, character, dots);
      const moved = longer === null ? breakLine(align, true) : 0;
      line = longer ?? [character];
      return moved;
    },
    feed: (lines, align) => {
      let moved = endHalfLine(align);
      for (; moved < lines; moved += 1) breakLine(align, false);
      return moved;
    },
    raster: (image, align) => {
      if (image === null) return 0;
      const { widthBytes, rows, bytes } = image;
      const lines = Math.ceil(rows / dotsPerLine);
      return endHalfLine(align) + put({ type: 'raster', widthBytes, rows, bytes, align }, lines);
    },
    forgetLine: () => {
      line = [];
    },
  };
}
