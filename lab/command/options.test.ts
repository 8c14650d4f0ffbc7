import { describe, expect, it } from 'vitest';
import { findPromissoryWord } from '#shared/points/words/promissory-words.ts';
import { spark } from './chart.ts';
import { readOptions, usage } from './options.ts';
import { columnsOf, renderText } from './table.ts';

describe('the command line', () => {
  it('reads a scenario with its own trade, and what is typed instead of it', () => {
    expect(readOptions([])).toMatchObject({ value: { name: 'flat', months: 60 } });
    const typed = [
      '--scenario',
      'seasonal',
      '--growth',
      '2.5',
      '--fund',
      '80',
      '--redemption',
      '50,20,10',
    ];
    expect(readOptions(typed)).toMatchObject({
      value: {
        trade: { growthBp: 250, seasonBp: 10_000 },
        dials: { fundBp: 8000, redemptionBp: [5000, 2000, 1000] },
      },
    });
    expect(readOptions(['--all', '--fraud', '--json'])).toMatchObject({
      value: { type: 'tables', names: ['scenarios', 'fraud'], json: true },
    });
  });

  it.each([
    [['--scenario', 'boom'], 'boom'],
    [['--months', '2.5'], '--months'],
    [['--months', '121'], '3 到 120'],
    [['--growth', 'fast'], '--growth'],
    [['--fund', '40'], '55 到 90'],
    [['--rate', '3.333'], '--rate'],
    [['--rules', 'funded-stock,mine'], 'mine'],
    [['--redemption', '60,50,1'], '100'],
    [['--redemption', '60'], '35,35,20'],
    [['--port', '70000', '--page'], '--port'],
    [['--colour', 'red'], '--colour'],
  ])('%j is refused in words that name what is wrong', (args, named) => {
    const read = readOptions(args);
    expect(read.ok).toBe(false);
    if (!read.ok) expect(read.error).toContain(named);
  });

  it('its words promise nothing', () => {
    expect(findPromissoryWord(usage)).toBeUndefined();
  });
});

it('a table stands in straight columns, hanzi counted as two', () => {
  const text = renderText({
    title: { zh: '题', en: 'title' },
    heads: [
      { zh: '规则', en: 'rules' },
      { zh: '开门', en: 'open' },
    ],
    rows: [
      ['照字面', '58'],
      ['funded', '6'],
    ],
  });
  const widths = text.split('\n').slice(2).map(columnsOf);
  expect(new Set(widths).size).toBe(1);
});

it('a spark shows height by sign, and what is below zero as a hanging one', () => {
  expect(spark([0, 1, 2, -1], 2)).toBe('▁▅█▒');
});
