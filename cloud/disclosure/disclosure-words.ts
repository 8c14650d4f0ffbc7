import { gateMeasureWords, type Words } from '#shared/points/words/explanation-words.ts';
import type { PresetName } from '#shared/points/policy/preset.ts';
import { agentRoles, type AgentRole, type PointsConfig } from '#shared/points/points-config.ts';

const words = (zh: string, en: string): Words => ({ zh, en });

/** A preset by what its gate reads: its name in the rules says nothing to a reader. */
export const presetWords: Readonly<Record<PresetName, Words>> = {
  seed: words('起步方案（闸门看存量）', 'the first preset (the gate reads the stock)'),
  mature: words('成熟方案（闸门看新增）', 'the mature preset (the gate reads what came in)'),
};

/** The name of every key of the rules, as a reader who is no programmer understands it. */
export const ruleWords: Readonly<Record<keyof PointsConfig, Words>> = {
  periodKind: words('期的长度', 'Length of a period'),
  concessionMinBp: words('最低让利', 'Least concession'),
  concessionMaxBp: words('最高让利', 'Most concession'),
  merchantShareBp: words('商户所得积分比例', "The shop's share of points"),
  referralBp: words('推荐积分比例', 'Referral points'),
  referralWindowDays: words('推荐有效天数', 'Days of a referral'),
  settleImmediateBp: words('当日货款比例', 'Paid out the same day'),
  voucherMaxShareBp: words('单笔用券上限', 'Most of an order that vouchers pay'),
  voucherDays: words('券有效天数', 'Days of a voucher'),
  gateMeasure: words('闸门看的数', 'What the gate reads'),
  gateGrowthBp: words('闸门增长门槛', 'Growth that opens the gate'),
  gateMinScale: words('积分池最低规模', 'Least size of the pool'),
  gateMaxTopMerchantShareBp: words('一家商户占增长的上限', 'Most of the growth by one shop'),
  dailyReleaseBp: words('每日释放占当日消费上限', "Most of a day's consumption released"),
  monthlyReleaseBp: words('个人每月释放占消费上限', "Most of a member's month"),
  nMin: words('最少期数', 'Fewest periods'),
  nMax: words('最多期数', 'Most periods'),
  multMinBp: words('最低系数', 'Least multiplier'),
  multMaxBp: words('最高系数', 'Highest multiplier'),
  coverageBp: words('覆盖率底线', 'Coverage floor'),
  plannerHorizon: words('预测期数', 'Periods looked ahead'),
  bonusRequiresScore: words('高于 1 的部分须有真实消费评分', 'Above 1 only with a score'),
  agentMode: words('服务商计酬方式', 'How agents are paid'),
  agents: words('服务商比例', "Agents' rates"),
  agentTotalCapBp: words('服务商合计上限', "Agents' cap of the concession"),
  marginBp: words('平台毛利', 'Margin'),
  contingencyBp: words('风险准备', 'Contingency'),
  fundMinBp: words('基金最低比例', 'Least share of the fund'),
  tierScoreFen: words('等级门槛', 'Scores of tiers'),
  tierReferredWeightBp: words('好友消费计入等级的比例', "Weight of friends' consumption"),
  tierReferredCapBp: words('好友消费计入等级的上限', "Cap of friends' consumption"),
};

/** Keys that are shares in 1/10000, shown in percent; multipliers are shown as factors. */
const isFactor = (key: string): boolean => key === 'multMinBp' || key === 'multMaxBp';

/** 1/10000 as percent with two decimals: 1234 -> 12.34%. */
export const percent = (bp: number): string => `${hundredths(bp)}%`;

/** 1/10000 as a factor with four decimals: 11500 -> 1.1500. */
export function factor(bp: number): string {
  const digits = String(bp).padStart(5, '0');
  return `${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

/** Whole hundredths with two decimals and thousands separators; digits may pass 2^53. */
export function hundredths(value: number | string): string {
  const text = String(value);
  const [sign, plain] = text.startsWith('-') ? ['-', text.slice(1)] : ['', text];
  const digits = plain.padStart(3, '0');
  return `${sign}${digits.slice(0, -2).replace(/\B(?=(?:\d{3})+$)/g, ',')}.${digits.slice(-2)}`;
}

/** A value of the rules as it is read. */
export function ruleText(key: string, value: unknown): Words {
  if (typeof value === 'boolean') return value ? words('是', 'yes') : words('否', 'no');
  if (key === 'gateMeasure' && (value === 'outstanding' || value === 'period_inflow'))
    return gateMeasureWords[value];
  if (key === 'tierScoreFen' && Array.isArray(value))
    return same(value.map((fen) => `¥${hundredths(Number(fen))}`).join(' / '));
  if (key === 'agents') return ratesText(value as PointsConfig['agents']);
  if (typeof value !== 'number')
    return same(typeof value === 'string' ? value : JSON.stringify(value));
  if (isFactor(key)) return same(factor(value));
  if (key.endsWith('Bp')) return same(percent(value));
  return same(key === 'gateMinScale' ? hundredths(value) : String(value));
}

const same = (text: string): Words => words(text, text);

const roleWords: Readonly<Record<AgentRole, Words>> = {
  marketer: words('营销员', 'marketer'),
  region: words('区域', 'region'),
  province: words('省级', 'province'),
};

/** Each role with its share of the concession, its cap of the flow and its share of the flow. */
function ratesText(agents: PointsConfig['agents']): Words {
  const text = (language: keyof Words) =>
    agentRoles
      .map((role) => {
        const { concessionBp, flowCapBp, flowBp } = agents[role];
        return `${roleWords[role][language]} ${percent(concessionBp)} (≤ ${percent(flowCapBp)}; ${percent(flowBp)})`;
      })
      .join(', ');
  return words(text('zh'), text('en'));
}
