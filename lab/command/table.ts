/** A word in Chinese and in English. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

export interface LabTable {
  readonly title: Words;
  readonly heads: readonly Words[];
  readonly rows: readonly (readonly string[])[];
}

/** Columns that a text takes on a terminal: hanzi and full-width signs take two. */
export const columnsOf = (text: string): number =>
  Array.from(text).reduce(
    (sum, sign) => sum + (/[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]/.test(sign) ? 2 : 1),
    0,
  );

const padTo = (text: string, columns: number, alignLeft: boolean): string => {
  const blanks = ' '.repeat(Math.max(0, columns - columnsOf(text)));
  return alignLeft ? text + blanks : blanks + text;
};

/** For a terminal: two lines of heads, words to the left, figures to the right. */
export function renderText({ title, heads, rows }: LabTable): string {
  const lines = [heads.map(({ zh }) => zh), heads.map(({ en }) => en), ...rows];
  const widths = heads.map((_, column) =>
    Math.max(...lines.map((line) => columnsOf(line[column] ?? ''))),
  );
  const isWords = heads.map((_, column) =>
    rows.every((row) => !/^[-+]?[\d.]/.test(row[column] ?? '')),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => padTo(cell, widths[column]!, isWords[column]!))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('──');
  return [
    `${title.zh}  ${title.en}`,
    '',
    line(heads.map(({ zh }) => zh)),
    line(heads.map(({ en }) => en)),
    rule,
    ...rows.map(line),
  ].join('\n');
}

/** For a page: the heads in English, as the page is. */
export const renderMarkdown = ({ heads, rows }: LabTable): string =>
  [
    `| ${heads.map(({ en }) => en).join(' | ')} |`,
    `|${heads.map(() => '---').join('|')}|`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
