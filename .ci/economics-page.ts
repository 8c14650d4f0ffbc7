import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { renderMarkdown, type LabTable } from '#lab/command/table.ts';

export type EconomicsTable = 'closed-form' | 'gate' | 'scenarios' | 'ring' | 'whale';

/** The place of a table on the page: from its mark to the next `<!-- end -->`. */
const placeOf = (name: string): RegExp =>
  new RegExp(`(<!-- lab ${name}, do not edit -->)[^]*?(<!-- end -->)`);

/** A page with its marked tables rewritten; throws where the page has no such mark. */
export function fillTables(
  page: string,
  tables: Readonly<Record<EconomicsTable, LabTable>>,
): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    if (!placeOf(name).test(text)) throw new Error(`docs/economics.md has no place for ${name}`);
    return text.replace(
      placeOf(name),
      (_all, open: string, close: string) => `${open}\n\n${renderMarkdown(table)}\n\n${close}`,
    );
  }, page);
}

export const readEconomicsPage = (): string =>
  readFileSync(join(import.meta.dirname, '../docs/economics.md'), 'utf8');

/** docs/economics.md: its words as they are, its tables as the lab prints them. */
export const economicsPage = (
  tables: Readonly<Record<EconomicsTable, LabTable>>,
): Promise<string> =>
  format(fillTables(readEconomicsPage(), tables), { parser: 'markdown', printWidth: 100 });
