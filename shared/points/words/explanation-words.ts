import type { PlanBinding } from '#shared/points/close/controller.ts';
import type { DailyBinding } from '#shared/points/release/daily-limit.ts';
import type { GateReason } from '#shared/points/gate/gate.ts';
import type { GateMeasure } from '#shared/points/points-config.ts';

/** A sentence in both languages. It tells what was, never what will be. */
export type Words = Readonly<Record<'zh' | 'en', string>>;

const words = (zh: string, en: string): Words => ({ zh, en });

/** How each figure of a close and a run is computed, as a member or an auditor reads it. */
export const formulaWords = {
  gate: words(
    '闸门：本期数不少于上期数的 1 加门槛倍（达到即开），且上期数大于零；按期流入时，两期都折算成每天。',
    'Gate: the present figure is at least the previous one times one plus the threshold (reaching it is enough), and the previous one is above zero. Inflow is compared per day.',
  ),
  multiplier: words(
    '系数 =（基金 − 覆盖率 ×（未释放积分 − 到期积分））÷ 到期积分，限于最低与最高系数之间；预测只能使其更低。不构成承诺。',
    'Multiplier = (fund − coverage × (unreleased − due points)) / due points, held between the minimum and the maximum; the forecast can only make it lower. No promise follows from it.',
  ),
  budget: words(
    '预算 = 到期积分 × 系数；基金不足时系数取最低值，释放的积分减少，而不是积分变便宜。',
    'Budget = due points × multiplier. When the fund does not bear the minimum, fewer points are released, not cheaper ones.',
  ),
  nBase: words(
    '新积分的期数 = 最多期数 − 下取整（4 ×（基金 ÷ 未释放积分 − 0.30）÷ 0.30），在最少与最多期数之间。',
    'Periods of new points = the most − floor(4 × (fund / unreleased − 0.30) / 0.30), held between the fewest and the most.',
  ),
  dayLimit: words(
    '当日额度 = 以下四者最小：剩余需求按剩余天数均分、当日净消费的上限比例、本期剩余预算、基金余额。',
    "The day's limit is the least of: what is wanted over the days left, the share of the day's net consumption, what is left of the budget, and the fund.",
  ),
  share: words(
    '个人所得 = 以下三者最小：到期积分 × 本人系数、本人本月上限、θ ×（到期积分 × 本人系数）；余下的分按余数从大到小各给一分。',
    'A member gets the least of: due points × his multiplier, what his month cap leaves, and θ × (due points × his multiplier); odd fen go one each to the largest remainders.',
  ),
} as const satisfies Record<string, Words>;

export const gateReasonWords: Readonly<Record<GateReason, Words>> = {
  open: words(
    '增长达到门槛，闸门开启',
    'The pool grew by the threshold or more: the gate is open.',
  ),
  'no-previous-pool': words(
    '没有上一期可比，首期关闭',
    'There is no period before to compare with: the first one is closed.',
  ),
  'growth-below-threshold': words(
    '增长未达到门槛，闸门关闭；到期积分顺延，不作废',
    'The pool grew by less than the threshold: the gate is closed. Due points wait and are not lost.',
  ),
  'below-min-scale': words(
    '积分池小于最低规模，闸门关闭',
    'The pool is smaller than the minimum scale: the gate is closed.',
  ),
  'merchant-concentration': words(
    '增长过于集中在一家商户，闸门关闭；到期积分顺延，不作废',
    'Too much of the growth came from one shop: the gate is closed. Due points wait and are not lost.',
  ),
};

export const gateMeasureWords: Readonly<Record<GateMeasure, Words>> = {
  outstanding: words('未释放积分存量', 'the stock of unreleased points'),
  period_inflow: words(
    '本期新增积分（按天折算）',
    'the points that entered in the period, per day',
  ),
};

export const planBindingWords: Readonly<Record<PlanBinding, Words>> = {
  'nothing-due': words('没有到期积分', 'Nothing was due.'),
  coverage: words(
    '由基金覆盖率决定',
    'The coverage of the fund decided: after the release it still covers the floor.',
  ),
  forecast: words(
    '由预测决定：后面各期也要有同样的系数',
    'The forecast decided: the coming periods can bear no more.',
  ),
  maximum: words('达到最高系数', 'The maximum of the rules decided.'),
  minimum: words(
    '预测低于最低系数，按最低系数',
    'The forecast was below the minimum, and the fund bears the minimum.',
  ),
  'coverage-below-minimum': words(
    '基金不足以按最低系数全部释放，只释放一部分积分',
    'The fund does not bear the minimum for all due points: a part of them is released.',
  ),
};

export const dayBindingWords: Readonly<Record<DailyBinding | 'gate-closed', Words>> = {
  pace: words('按剩余天数均分', 'An even pace over the days left decided.'),
  'day-consumption': words('当日消费额的上限', "The share of the day's consumption decided."),
  budget: words('本期剩余预算', 'What was left of the budget decided.'),
  fund: words('基金余额', 'The fund decided.'),
  'gate-closed': words('闸门关闭，当日不释放', 'The gate was closed: nothing was released.'),
};

/** What decided one member's sum on a day. */
export type ShareBound = 'want' | 'month-cap' | 'share' | 'nothing';

export const shareBoundWords: Readonly<Record<ShareBound, Words>> = {
  want: words('到期的全部释放', 'All that was due was released.'),
  'month-cap': words('受本人本月消费上限限制', 'His own cap of the month decided.'),
  share: words(
    '当日额度不足，按同一比例 θ 分配',
    "The day's limit was shared: the same part θ for all.",
  ),
  nothing: words('当日没有得到', 'He got nothing on this day.'),
};
