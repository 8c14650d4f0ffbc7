import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { multMax } from '#lab/engine/closed-form.ts';
import { divFloor } from '#shared/money/exact.ts';
import { fen, sumFen, type Fen } from '#shared/money/fen.ts';
import { basisPoints, shareFloor } from '#shared/money/rate.ts';
import { agentSharesOfFlow } from '#shared/points/agents/agents.ts';
import { divideConcession } from '#shared/points/agents/waterfall.ts';
import { planMultiplier } from '#shared/points/close/controller.ts';
import { gateOpenByOutstanding } from '#shared/points/gate/gate.ts';
import { claimDays } from '#shared/points/issue/claim-window.ts';
import { issueOrder } from '#shared/points/issue/order-issue.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { agentRoles, defaultPointsConfig as config } from '#shared/points/points-config.ts';
import { presetNoticeDays } from '#shared/points/policy/preset.ts';
import { concessionAfter } from '#shared/points/refund/refund.ts';
import { pointsUsed, wantOf } from '#shared/points/release/points-used.ts';
import { entitlementOfLots } from '#shared/points/release/schedule.ts';
import { waterFill } from '#shared/points/release/water-fill.ts';
import { getOrThrow } from '#shared/result/result.ts';

/**
 * docs/points.md tells the rules twice, in English and in plain Chinese, both with worked numbers. The numbers are
 * computed here by the engine, so that neither telling can drift from it, or from the other one.
 */
const page = readFileSync(join(import.meta.dirname, '../docs/points.md'), 'utf8');
const chineseAt = page.indexOf('\n## 中文说明');
const [english, chinese] = [page.slice(0, chineseAt), page.slice(chineseAt)];

/** Lines break anywhere. */
const plain = (text: string): string => text.replaceAll(/[\s`]/g, '');
const yuan = (value: number): string =>
  new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(
    value / 100,
  );
const wholeYuan = (value: number): string => yuan(value).replace(/\.00$/, '');
const percent = (bp: number): string => `${bp / 100}%`;
const gateAt = (current: bigint): boolean =>
  gateOpenByOutstanding({ previous: 10_000n, current }, config);
const factor = (bp: bigint | number): string => (Number(bp) / 10_000).toFixed(4);

const expectIn = (text: string, sentences: readonly string[]): void => {
  for (const sentence of sentences) expect(plain(text)).toContain(plain(sentence));
};

const terms = { amountFen: fen(100_000), voucherFen: fen(0), concessionBp: basisPoints(2000) };
const order = getOrThrow(issueOrder(terms, config));
const parts = divideConcession(order, agentRoles, config);

const planOf = (fundYuan: number) =>
  planMultiplier(
    {
      fundFen: fen(fundYuan * 100),
      unreleasedPoints: pointFen(20_000_000),
      duePoints: pointFen(500_000),
      forecastBp: undefined,
    },
    config,
  );

describe('the worked numbers of docs/points.md, in both languages', () => {
  it('an order and its waterfall', () => {
    const { marketer, region, province } = parts.agents as Record<string, Fen>;
    expect(
      sumFen([marketer!, region!, province!, parts.contingencyFen, parts.marginFen, parts.fundFen]),
    ).toBe(order.concessionFen);
    expectIn(chinese, [
      `让利 ${yuan(order.concessionFen)} 元，会员得 ${yuan(order.consumerPoints)} 积分，商家得 ${yuan(order.merchantPoints)} 推广积分`,
      `当天结给商家 ${yuan(order.sameDayFen)} 元，保留 ${yuan(order.reserveFen)} 元`,
      `营销员 ${yuan(marketer!)}，区域 ${yuan(region!)}，省级 ${yuan(province!)}，风险准备 ${yuan(parts.contingencyFen)}，平台 ${yuan(parts.marginFen)}，基金 ${yuan(parts.fundFen)}`,
    ]);
    expectIn(english, [
      `the member gets ${yuan(order.consumerPoints)} points, the shop ${yuan(order.merchantPoints)} of promotion credit. Same day ${yuan(order.sameDayFen)}; reserve ${yuan(order.reserveFen)}`,
      `contingency ${yuan(parts.contingencyFen)}, margin ${yuan(parts.marginFen)}, and the fund gets the remaining ${yuan(parts.fundFen)}`,
    ]);
  });

  it('a slice of a lot', () => {
    const slice = entitlementOfLots([{ points: order.consumerPoints, n: config.nMax, closes: 1 }]);
    expectIn(chinese, [
      `${yuan(order.consumerPoints)} 积分分 ${config.nMax} 期，每月到期 ${yuan(slice)}`,
    ]);
    expectIn(english, [
      `Over ${config.nMax} periods the member's lot gives ${yuan(slice)} points a month`,
    ]);
  });

  it('the gate, at the threshold and a point-fen under it', () => {
    expect([gateAt(11_500n), gateAt(11_499n)]).toEqual([true, false]);
    expectIn(chinese, ['上期 100.00，本期 115.00 开，114.99 不开']);
    expectIn(english, ['exactly 15% is enough']);
  });

  it('the multiplier of a fund that bears more than par, and of one that does not', () => {
    const [good, thin] = [planOf(65_000), planOf(62_000)];
    const leftFen = 6_500_000 - good.budgetFen;
    expect(leftFen).toBe(0.3 * 19_500_000);
    expect(thin.multBp).toBe(10_000);
    expectIn(chinese, [
      `5,000 = ${factor(good.rawBp)}，最多释放 ${wholeYuan(good.budgetFen)} 元，剩下 ${wholeYuan(leftFen)} 元`,
      `算出来是 ${factor(thin.rawBp)}：系数仍取 ${factor(thin.multBp)}，但只释放 ${yuan(thin.budgetFen)} 元`,
    ]);
    expectIn(english, [
      `= ${factor(good.rawBp)}: ${wholeYuan(good.budgetFen)} yuan at most are released in the following month, and F = ${wholeYuan(leftFen)}`,
      `the budget is ${yuan(thin.budgetFen)} yuan`,
    ]);
  });

  it("one member's part of a day", () => {
    const multBp = basisPoints(11_500);
    const due = pointFen(5_000);
    const want = wantOf(due, multBp);
    const share = divFloor(BigInt(want) * 9n, 16n);
    const valueFen = fen(Number(share) + 1);
    const used = pointsUsed({ due, valueFen, multBp });
    expectIn(chinese, [
      `到期 ${yuan(due)} 积分，系数 ${factor(multBp)}，应得 ${yuan(want)} 元；当天 θ = 9/16，得 ${yuan(Number(share))} 元，轮到零头是 ${yuan(valueFen)} 元，用掉 ${yuan(used)} 积分`,
    ]);
    expectIn(english, [`with one odd fen ${yuan(valueFen)}, for ${yuan(used)} points`]);
  });

  it('a refund, an agent of ten shops, and mode flow', () => {
    expectIn(chinese, [`退 250 元，积分变成 ${yuan(concessionAfter(terms, fen(25_000)))}`]);
    const year = 10 * 12 * shareFloor(fen(10_000_000), config.agents.marketer.concessionBp);
    expectIn(chinese, [`每家每月让利 100,000 元，营销员一年 ${wholeYuan(year)} 元`]);
    expectIn(english, [`= ${wholeYuan(year)} yuan a year`]);
    const small = { netFen: fen(100_000), concessionFen: fen(3_000) };
    const rates = Object.fromEntries(agentRoles.map((role) => [role, config.agents[role].flowBp]));
    const flow = Object.values(agentSharesOfFlow(small, rates, config)).map(yuan);
    expectIn(chinese, [`1000 元、让利 3%，三方得 ${flow.join('、')} 元`]);
    expectIn(english, [`1000 yuan at 3% pays ${flow[0]}, ${flow[1]} and ${flow[2]}`]);
  });

  it('the end: what is divided, and what a point is worth without growth', () => {
    const points = [2_000, 4_000, 2_001];
    const { allocFen } = waterFill({
      runId: 'end',
      totalFen: fen(4_000),
      rows: points.map((value, index) => ({
        id: String(index),
        wantFen: fen(value),
        capFen: fen(5 * value),
      })),
      md5Hex: (text) => createHash('md5').update(text).digest('hex'),
    });
    expectIn(chinese, [
      `各有 ${points.map(yuan).join('、')} 积分，得 ${allocFen.map(yuan).join('、')} 元`,
    ]);
    expectIn(english, [
      `the shares are ${yuan(allocFen[0]!)}, ${yuan(allocFen[1]!)} and ${yuan(allocFen[2]!)}`,
    ]);
    const worth = multMax({ growth: 0, n: config.nMin }, config.fundMinBp / 10_000).toFixed(2);
    expectIn(chinese, [`没有增长时最多值 ${worth}`]);
    expectIn(english, [`without growth it is worth ${worth} yuan at most`]);
  });

  it('the numbers of the rules themselves', () => {
    expectIn(chinese, [
      `${percent(config.concessionMinBp)} 到 ${percent(config.concessionMaxBp)} 的让利率`,
      `推荐人另得好友积分的 ${percent(config.referralBp)}，只有一级，${config.referralWindowDays} 天为限`,
      `在生效后 ${claimDays} 天内可领一次`,
      `每笔积分分 ${config.nMin} 到 ${config.nMax} 期`,
      `比上期多 ${percent(config.gateGrowthBp)} 就开`,
      `一家店带来的增长超过 ${percent(config.gateMaxTopMerchantShareBp)}，也关`,
      `换成看新增要提前 ${presetNoticeDays} 天公告`,
      `在 ${factor(config.multMinBp)} 和 ${factor(config.multMaxBp)} 之间`,
      `仍有 ${percent(config.coverageBp)} 的钱对应`,
      `${config.voucherDays} 天内有效`,
      `合计不超过让利的 ${percent(config.agentTotalCapBp)}`,
      `流水的 ${agentRoles.map((role) => `${(config.agents[role].flowCapBp / 100).toFixed(1)}%`).join('、')}`,
      `提成是让利的 ${agentRoles.map((role) => percent(config.agents[role].concessionBp)).join('、')}`,
      `加上直接好友消费的 ${percent(config.tierReferredWeightBp)}`,
    ]);
  });

  it('planted violation: one digit changed in one language is noticed', () => {
    const text = yuan(planOf(62_000).budgetFen);
    for (const telling of [english, chinese]) {
      expectIn(telling, [text]);
      const drifted = telling.replaceAll(text, text.replace('4', '5'));
      expect(() => expectIn(drifted, [text])).toThrow(text);
    }
  });

  it('what is guaranteed and what is not stands there in both languages', () => {
    expect(english).toContain('\n## What is guaranteed, and what is not\n');
    expect(chinese).toContain('\n### 保证什么，不保证什么\n');
  });
});
