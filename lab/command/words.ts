import type { GuestFinding } from '#lab/engine/fraud.ts';
import type { LabError } from '#lab/engine/lab.ts';
import type { Measures } from '#lab/engine/measures.ts';
import type { RulesName } from '#lab/engine/rules.ts';
import {
  hundredths,
  orDash,
  percent,
  percentFine,
  plainCount,
  signed,
  thousandths,
} from './figures.ts';
import type { Words } from './table.ts';

export const rulesWords: Readonly<Record<RulesName, Words>> = {
  'literal-both': { zh: '照字面，双方都发券', en: 'literal, both sides' },
  'literal-consumer': { zh: '照字面，只发会员', en: 'literal, members only' },
  'literal-gate-off': { zh: '照字面，不设门槛', en: 'literal, members, gate off' },
  'funded-stock': { zh: '有款才发，看积分存量', en: 'funded, gate on stock' },
  'funded-inflow': { zh: '有款才发，看当期新增', en: 'funded, gate on inflow' },
  'funded-gate-off': { zh: '有款才发，不设门槛', en: 'funded, gate off' },
};

interface Column {
  readonly head: Words;
  readonly text: (measures: Measures) => string;
}

/** The measures of a life, in the order of the table. */
export const columns: readonly Column[] = [
  { head: { zh: '开门月数', en: 'open' }, text: (one) => plainCount(one.openPeriods) },
  { head: { zh: '已释放', en: 'released' }, text: (one) => percentFine(one.releasedShare) },
  { head: { zh: '平均倍数', en: 'mean m' }, text: (one) => orDash(one.meanMult, hundredths) },
  { head: { zh: '每分价值', en: 'value/pt' }, text: (one) => thousandths(one.valuePerPoint) },
  { head: { zh: '现金最低', en: 'min cash' }, text: (one) => percent(one.lowestCashShare) },
  {
    head: { zh: '付不出月份', en: 'insolvent' },
    text: (one) => orDash(one.insolventMonth, plainCount),
  },
  { head: { zh: '期末沉淀', en: 'parked' }, text: (one) => orDash(one.parkedShare, percent) },
  {
    head: { zh: '最低覆盖率', en: 'coverage' },
    text: (one) => orDash(one.lowestCoverage, hundredths),
  },
];

/** What the whale did to the others, or the ring to itself, side by side; undefined without one. */
export function explainGuest(
  funded: GuestFinding | undefined,
  literal: GuestFinding | undefined,
): string | undefined {
  if (funded === undefined) return undefined;
  const [ours, theirs] = [changeOf(funded), literal === undefined ? '-' : changeOf(literal)];
  return funded.type === 'whale'
    ? `因为大户，其他人得到的券：有款才发 ${ours}，照字面 ${theirs}。 Others' vouchers because of the whale: funded ${ours}, literal ${theirs}.`
    : `团伙花的钱净得：有款才发（有防范）${ours}，照字面 ${theirs}。 What the ring makes of its money: funded and guarded ${ours}, literal ${theirs}.`;
}

const changeOf = (guest: GuestFinding): string =>
  signed(guest.type === 'ring' ? guest.gain : guest.othersChange);

/** What was wrong with what was asked, in words of a person. */
export function explainError(error: LabError): string {
  switch (error.type) {
    case 'months-out-of-range':
      return `月数要在 3 到 ${error.max} 之间。 Months: a whole number from 3 to ${error.max}.`;
    case 'growth-too-large':
      return (
        '增长太快、月数太多，金额超出可以计算的范围：请减少月数或增长。 ' +
        'So much growth over so many months leaves every scale: ask for fewer months or less growth.'
      );
    case 'config-out-of-range':
      return (
        `${error.key} = ${error.value}，合法范围是 ${error.min} 到 ${error.max}（万分之一）。 ` +
        `${error.key} is ${error.value}; legal is ${error.min} to ${error.max} (basis points).`
      );
  }
}
