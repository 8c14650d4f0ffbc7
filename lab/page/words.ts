import type { LabError } from '#lab/engine/lab.ts';
import type { GuestName } from '#lab/engine/scenario.ts';
import type { DialName, Setting } from './setting.ts';

export type Language = 'zh' | 'en';

/** Every word of the page. Chinese is the first language; both have the same keys. */
export interface LabWords {
  readonly title: string;
  readonly lead: string;
  readonly otherLanguage: string;
  readonly scenario: string;
  readonly tradePart: string;
  readonly rulesPart: string;
  readonly dials: Readonly<Record<DialName, string>>;
  readonly monthsUnit: string;
  readonly gate: string;
  readonly gates: Readonly<Record<Setting['gate'], string>>;
  readonly sides: string;
  readonly side: Readonly<Record<Setting['literalSides'], string>>;
  readonly reset: string;
  readonly funded: string;
  readonly literal: string;
  readonly cards: Readonly<Record<'value' | 'open' | 'coverage' | 'parked' | 'insolvent', string>>;
  readonly notes: Readonly<Record<'value' | 'open' | 'coverage' | 'parked' | 'insolvent', string>>;
  readonly never: string;
  readonly inMonth: (month: number) => string;
  readonly charts: Readonly<Record<'money' | 'coverage' | 'mult' | 'value', string>>;
  readonly chartNotes: Readonly<Record<'money' | 'coverage' | 'mult' | 'value', string>>;
  readonly fund: string;
  readonly cash: string;
  readonly floor: string;
  readonly gateStrip: string;
  readonly closed: string;
  readonly oneYuan: string;
  readonly cursor: string;
  readonly month: (month: number) => string;
  readonly working: string;
  readonly took: (ms: number, months: number) => string;
  /** Changes as they are shown: under funded rules, and by the letter. */
  readonly guest: Readonly<Record<GuestName, (funded: string, literal: string) => string>>;
  readonly noPromise: string;
  readonly refused: (error: LabError) => string;
}

const zh: LabWords = {
  title: '积分规则试算',
  lead: '同一门生意，两套规则：照字面发券，还是有款才发',
  otherLanguage: 'English',
  scenario: '情形',
  tradePart: '生意怎么走',
  rulesPart: '规则怎么定',
  dials: {
    growth: '每月增长',
    season: '淡旺季强度',
    noise: '每月波动',
    months: '看多少个月',
    redeemed: '券有多少会用掉',
    rate: '让利率',
    fund: '让利中进资金的部分',
    kappa: '覆盖下限',
    horizon: '预测看几个月',
  },
  monthsUnit: ' 个月',
  gate: '门槛看什么',
  gates: { stock: '积分存量', inflow: '当期新增', off: '不设' },
  sides: '照字面时谁得券',
  side: { both: '双方', consumer: '只会员' },
  reset: '恢复',
  funded: '有款才发',
  literal: '照字面',
  cards: {
    value: '每元积分价值',
    open: '开门的月份',
    coverage: '最低覆盖率',
    parked: '期末沉淀',
    insolvent: '照字面付不出',
  },
  notes: {
    value: '全部会员平均',
    open: '有释放的月份',
    coverage: '资金 ÷ 积分',
    parked: '占全部让利',
    insolvent: '现金首次低于零',
  },
  never: '没有发生',
  inMonth: (month) => `第 ${month} 个月`,
  charts: {
    money: '资金与照字面的现金',
    coverage: '覆盖率',
    mult: '每月倍数和门槛',
    value: '每元积分至今发的券',
  },
  chartNotes: {
    money: '占至今全部让利',
    coverage: '资金 ÷ 未释放积分',
    mult: '有款才发',
    value: '元',
  },
  fund: '资金',
  cash: '照字面的现金',
  floor: '下限',
  gateStrip: '开门',
  closed: '关',
  oneYuan: '1 元',
  cursor: '看哪个月',
  month: (month) => `第 ${month} 月`,
  working: '正在算……',
  took: (ms, months) => `${months} 个月，两套规则，${ms} 毫秒`,
  guest: {
    whale: (funded, literal) =>
      `因为这个大户，其他人得到的券：有款才发时 ${funded}，照字面时 ${literal}。`,
    ring: (funded, literal) =>
      `这个团伙花的钱净得：有款才发（有防范）时 ${funded}，照字面时 ${literal}。`,
  },
  noPromise: '这是对规则的试算，不是对任何一家店或一位会员的承诺。',
  refused: (error) => {
    switch (error.type) {
      case 'growth-too-large':
        return '增长太快、月数太多，金额超出了可以计算的范围。请减少月数或增长。';
      case 'months-out-of-range':
        return `月数要在 3 到 ${error.max} 之间。`;
      case 'config-out-of-range':
        return '这组规则不合法：资金的部分要比覆盖下限高出百分之五以上。请调高资金或调低下限。';
    }
  },
};

const en: LabWords = {
  title: 'Trying out the rules of points',
  lead: 'One trade, two sets of rules: vouchers by the letter, or only from money that is there',
  otherLanguage: '中文',
  scenario: 'Scenario',
  tradePart: 'How trade goes',
  rulesPart: 'How the rules are set',
  dials: {
    growth: 'Growth per month',
    season: 'Strength of the season',
    noise: 'Months differ by',
    months: 'Months to look at',
    redeemed: 'Vouchers that get spent',
    rate: 'Concession rate',
    fund: "Fund's part of concession",
    kappa: 'Coverage floor',
    horizon: 'Forecast horizon',
  },
  monthsUnit: ' months',
  gate: 'The gate reads',
  gates: { stock: 'Stock', inflow: 'Inflow', off: 'No gate' },
  sides: 'By the letter, vouchers go to',
  side: { both: 'Both sides', consumer: 'Members' },
  reset: 'Reset',
  funded: 'Funded',
  literal: 'By the letter',
  cards: {
    value: 'Value per yuan',
    open: 'Months open',
    coverage: 'Lowest coverage',
    parked: 'Parked',
    insolvent: 'Letter: no cash',
  },
  notes: {
    value: 'of points, mean',
    open: 'with a release',
    coverage: 'fund ÷ points',
    parked: 'of all concession',
    insolvent: 'cash below zero',
  },
  never: 'never',
  inMonth: (month) => `month ${month}`,
  charts: {
    money: 'The fund, and cash by the letter',
    coverage: 'Coverage',
    mult: 'Multiplier and gate',
    value: 'Value per yuan of points',
  },
  chartNotes: {
    money: 'of concession',
    coverage: 'fund ÷ unreleased points',
    mult: 'funded',
    value: 'yuan',
  },
  fund: 'Fund',
  cash: 'Cash by the letter',
  floor: 'floor',
  gateStrip: 'Gate open',
  closed: 'shut',
  oneYuan: '1 yuan',
  cursor: 'Month to read',
  month: (month) => `Month ${month}`,
  working: 'Working…',
  took: (ms, months) => `${months} months, two sets of rules, ${ms} ms`,
  guest: {
    whale: (funded, literal) =>
      `What the whale changes for everybody else's vouchers: ${funded} funded, ${literal} by the letter.`,
    ring: (funded, literal) =>
      `What the ring makes of its money: ${funded} funded and guarded, ${literal} by the letter.`,
  },
  noPromise: 'A trial of rules, and no promise to any shop or member.',
  refused: (error) => {
    switch (error.type) {
      case 'growth-too-large':
        return 'So much growth over so many months leaves every scale. Take fewer months or less growth.';
      case 'months-out-of-range':
        return `Months: from 3 to ${error.max}.`;
      case 'config-out-of-range':
        return 'These rules are not legal: the fund’s part must be more than 1.05 times the coverage floor. Raise the one or lower the other.';
    }
  },
};

export const wordsOf = (language: Language): LabWords => (language === 'zh' ? zh : en);
