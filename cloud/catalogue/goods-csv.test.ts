import { expect, test } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { goodsCsvRowsMax, readGoodsCsv } from '#cloud/catalogue/goods-csv.ts';

test('a file with Chinese titles in any order, a byte order mark, quotes and Windows lines is read', () => {
  const csv =
    '\uFEFF名称,价格,条码,单位\r\n"可乐, 大",3.5,6901234567892,瓶\r\n\r\n"引""号",12,A-1,\r\n';
  expect(getOrThrow(readGoodsCsv(csv))).toEqual([
    { code: '6901234567892', name: '可乐, 大', unit: '瓶', priceFen: 350, active: true },
    { code: 'A-1', name: '引"号', unit: '', priceFen: 1200, active: true },
  ]);
});

test('a price that is no amount of yuan is named with its line, also below a cell of two lines', () => {
  for (const price of ['3.555', '-1', '1e3', '￥3', ''])
    expect(readGoodsCsv(`code,name,price\nA,"two\nlines",1\nB,b,${price}`)).toEqual({
      ok: false,
      error: { type: 'goods-row-invalid', line: 4, field: 'price' },
    });
});

const refused = (csv: string) => {
  const read = readGoodsCsv(csv);
  return read.ok ? undefined : read.error.field;
};
const rows = (count: number) => `code,name,price\n${'A,a,1\n'.repeat(count)}`;

test('a missing column, an open quote and too many rows are refused', () => {
  expect(refused('code,name\nA,a')).toBe('price');
  expect(refused('code,name,price\n"A,a,1')).toBe('quotes');
  expect(refused(rows(goodsCsvRowsMax))).toBeUndefined();
  expect(refused(rows(goodsCsvRowsMax + 1))).toBe('rows');
});
