import type { GoodsInput } from '#cloud/catalogue/goods-changes.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** The most rows of one file; a body of the office is at most 512 KiB. */
export const goodsCsvRowsMax = 5_000;

export interface CsvInvalid {
  readonly type: 'goods-row-invalid';
  /** Line of the file, from 1. */
  readonly line: number;
  readonly field: string;
}

const titles: Readonly<Record<string, 'code' | 'name' | 'price' | 'unit'>> = {
  code: 'code',
  条码: 'code',
  name: 'name',
  名称: 'name',
  price: 'price',
  价格: 'price',
  unit: 'unit',
  单位: 'unit',
};

const invalid = (line: number, field: string): Result<never, CsvInvalid> =>
  err({ type: 'goods-row-invalid', line, field });

/**
 * Rows of a CSV (RFC 4180; comma; a byte order mark is left aside) whose first line names the columns: code, name,
 * price in yuan and unit, in any order and in English or Chinese; `unit` may be absent. All rows are listed goods.
 */
export function readGoodsCsv(text: string): Result<readonly GoodsInput[], CsvInvalid> {
  const records = splitCsv(text.replace(/^\uFEFF/, ''));
  if (records === undefined) return invalid(1, 'quotes');
  const [head, ...rest] = records;
  const places = new Map((head?.cells ?? []).map((cell, at) => [titles[cell.trim()], at]));
  for (const column of ['code', 'name', 'price'] as const)
    if (!places.has(column)) return invalid(1, column);
  if (rest.length > goodsCsvRowsMax) return invalid(goodsCsvRowsMax + 2, 'rows');
  const rows: GoodsInput[] = [];
  for (const { cells, line } of rest) {
    const cell = (column: 'code' | 'name' | 'price' | 'unit'): string =>
      (cells[places.get(column) ?? -1] ?? '').trim();
    const priceFen = fenOfYuanText(cell('price'));
    if (priceFen === undefined) return invalid(line, 'price');
    rows.push({
      code: cell('code'),
      name: cell('name'),
      unit: cell('unit'),
      priceFen,
      active: true,
    });
  }
  return ok(rows);
}

/** "3.5" is 350: read as text, so that no fraction is ever computed. */
function fenOfYuanText(text: string): number | undefined {
  const match = /^(\d{1,5})(?:\.(\d{1,2}))?$/.exec(text);
  return match ? Number((match[1] ?? '') + (match[2] ?? '').padEnd(2, '0')) : undefined;
}

interface CsvRecord {
  readonly cells: readonly string[];
  /** Where it begins, from 1. */
  readonly line: number;
}

/** The records of a file without its empty lines; undefined when a quote is left open. */
function splitCsv(text: string): readonly CsvRecord[] | undefined {
  const records: CsvRecord[] = [];
  let cells: string[] = [];
  let [line, began] = [1, 1];
  let rest = `${text.replaceAll('\r\n', '\n')}\n`;
  while (rest !== '') {
    const found = /^(?:"((?:[^"]|"")*)"|([^",\n]*))([,\n])/.exec(rest);
    if (found === null) return undefined;
    const [all, quoted, plain = '', end] = found;
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += all.split('\n').length - 1;
    rest = rest.slice(all.length);
    if (end === ',') continue;
    if (cells.some((cell) => cell.trim() !== '')) records.push({ cells, line: began });
    cells = [];
    began = line;
  }
  return records;
}
