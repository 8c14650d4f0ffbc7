import { expect, test } from 'vitest';
import { gridOf, type PaperLine } from './paper-grid.ts';

const line = (text: string, rest: Partial<PaperLine> = {}): PaperLine => ({
  type: 'line',
  text,
  align: 'left',
  size: 'normal',
  bold: false,
  ...rest,
});

test('a hanzi takes two columns, so columns under each other stay true', () => {
  const grid = gridOf(line('应收 9.00'), 384);
  expect(grid.wide).toEqual({ text: '应收', middles: [12, 36] });
  expect(grid.narrow.middles).toEqual([54, 66, 78, 90, 102]);
});

test('right and centre are measured in dots of the paper, also for wide characters', () => {
  expect(gridOf(line('12', { align: 'right' }), 384).narrow.middles).toEqual([366, 378]);
  const big = gridOf(line('店', { align: 'center', size: 'double' }), 384);
  expect([big.scaleX, big.scaleY, big.heightDots]).toEqual([2, 2, 54]);
  // 48 dots wide in the middle of 384: from 168 to 216, said before scaling by two.
  expect(big.wide.middles).toEqual([96]);
});

test('a drawn character of one column stands in one', () => {
  expect(gridOf(line('ñ店', { narrow: 'ñ' }), 384)).toMatchObject({
    narrow: { text: 'ñ', middles: [6] },
    wide: { middles: [24] },
  });
});

test('a rare hanzi of two units has a place for each, as SVG counts', () => {
  const grid = gridOf(line('𠮷A'), 384);
  expect(grid.wide.middles).toEqual([12, 12]);
  expect(grid.narrow.middles).toEqual([30]);
});
