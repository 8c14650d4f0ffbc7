import type { Life } from '#lab/engine/life.ts';
import { hundredths, percent } from './figures.ts';
import { columnsOf } from './table.ts';

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** One sign per month: the height of a value between `low` and `high`; below zero a full block hangs as ▒. */
export function spark(values: readonly number[], high: number): string {
  return values
    .map((value) => {
      if (value < 0) return '▒';
      const step = high <= 0 ? 0 : Math.floor((value / high) * bars.length);
      return bars[Math.min(bars.length - 1, Math.max(0, step))]!;
    })
    .join('');
}

interface Line {
  readonly label: string;
  readonly signs: string;
  readonly note: string;
}

/** Small pictures of a funded and a literal life, one sign per month. */
export function renderCharts(lives: { readonly funded: Life; readonly literal: Life }): string {
  const { funded, literal } = lives;
  const coverage = funded.rows.map(({ money, close }) =>
    close.pools.outstanding === 0 ? 0 : money.fundFen / close.pools.outstanding,
  );
  const fund = funded.rows.map(({ money }) => money.fundFen);
  const mult = funded.rows.map(({ multBp }) => multBp / 10_000);
  const cash = literal.rows.map(({ money }) => money.cashFen);
  const concession = literal.rows.reduce((sum, row) => sum + row.concessionFen, 0);
  const lines: readonly Line[] = [
    { label: '可用资金 fund', signs: spark(fund, Math.max(...fund)), note: '' },
    {
      label: '覆盖率 coverage',
      signs: spark(coverage, 1),
      note: `最低 lowest ${hundredths(Math.min(...coverage))}`,
    },
    {
      label: '倍数 multiplier',
      signs: spark(mult, 5),
      note: `最高 highest ${hundredths(Math.max(...mult))}`,
    },
    {
      label: '开门 gate',
      signs: funded.rows.map(({ wasOpen }) => (wasOpen ? '█' : '·')).join(''),
      note: '',
    },
    {
      label: '照字面的现金 literal cash',
      signs: spark(cash, Math.max(...cash)),
      note: `最低 lowest ${percent(Math.min(0, ...cash) / concession)}（▒ 付不出 below zero）`,
    },
  ];
  const width = Math.max(...lines.map(({ label }) => columnsOf(label)));
  return lines
    .map(({ label, signs, note }) => {
      const blanks = ' '.repeat(width - columnsOf(label));
      return `${label}${blanks}  ${signs}  ${note}`.trimEnd();
    })
    .join('\n');
}
