import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { md5Hex } from './md5.ts';
import { assertBacked, assertCaps, assertCovered } from './money.ts';
import { runExperiment } from './lab.ts';
import { configOf, publishedDials, rulesNames, type Dials } from './rules.ts';
import { consumptionOf, steady, type Trade } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { labDay, lastVoucherDay } from './lab-day.ts';

const live = (trade: Trade, rules: (typeof rulesNames)[number], dials: Dials = publishedDials) => {
  const found = runExperiment({ trade, months: 24, rules, dials });
  if (!found.ok) throw new Error(JSON.stringify(found.error));
  return found.value;
};

describe('the lab lives by the laws of the books', () => {
  it.each(scenarios.map(({ name, trade }) => [name, trade] as const))(
    '%s: I1, I2 and I4 hold after each day, and the same trade gives the same life',
    (_name, trade) => {
      for (const rules of ['funded-stock', 'funded-inflow', 'funded-gate-off'] as const) {
        const [one, other] = [live(trade, rules), live(trade, rules)];
        expect(one.life.rows).toEqual(other.life.rows);
      }
    },
  );

  it.each([
    ['a low fund and a high floor', { fundBp: 5500, coverageBp: 5200 }],
    ['20% and lots by coverage', { rateBp: 2000, nMin: 36, nMax: 40 }],
    [
      '3%, no forecast, nobody spends',
      { rateBp: 300, horizon: 1, redemptionBp: [0, 0, 0] as const },
    ],
    ['everybody spends at once', { redemptionBp: [10_000, 0, 0] as const }],
  ])('with other dials, too: %s', (_name, dials) => {
    const noisy: Trade = { ...steady, growthBp: 1200, seasonBp: 10_000, noiseBp: 1500, seed: 7 };
    const { life } = live(noisy, 'funded-stock', { ...publishedDials, ...dials });
    expect(life.rows.some((row) => row.releasedFen > 0)).toBe(true);
  });

  it('the first month releases nothing and a closed gate releases nothing (I6)', () => {
    for (const rules of rulesNames) {
      const { life } = live(steady, rules);
      expect(life.rows[0]!.wasOpen || life.rows[1]!.wasOpen).toBe(false);
      for (const row of life.rows) if (!row.wasOpen) expect(row.releasedFen).toBe(0);
    }
  });

  it('money is conserved: what was collected lies in the fund, in wallets or with the shops', () => {
    const { life } = live({ ...steady, growthBp: 1500 }, 'funded-stock');
    const redeemed = life.rows.reduce((sum, row) => sum + row.redeemedFen, 0);
    const last = life.rows.at(-1)!.money;
    const collected = last.cashFen + redeemed - last.payoutFen;
    const concession = life.rows.reduce((sum, row) => sum + row.concessionFen, 0);
    // 70% of each of 24 x 30 x 5 orders, and the odd fen of each.
    const oddFen = collected - 0.7 * concession;
    expect(oddFen).toBeGreaterThanOrEqual(0);
    expect(oddFen).toBeLessThan(24 * 30 * 5);
    expect(redeemed).toBeGreaterThan(0);
  });

  it('a run on all vouchers in month 20 is paid to the last fen under funded rules', () => {
    const { life } = live({ ...steady, growthBp: 2000, runMonth: 20 }, 'funded-stock');
    const owed = life.rows[18]!.money.voucherFen;
    expect(owed).toBeGreaterThan(0);
    expect(life.rows[19]!.redeemedFen).toBe(owed);
    expect(life.rows.at(-1)!.money.voucherFen).toBe(0);
    expect(Math.min(...life.rows.map((row) => row.lowestCashFen))).toBeGreaterThanOrEqual(0);
  });

  it('growth of exactly 15% opens both gates in every month that has a month before', () => {
    for (const rules of ['funded-stock', 'funded-inflow'] as const)
      expect(live({ ...steady, growthBp: 1500 }, rules).measures.openPeriods).toBe(22);
  });

  it('with growth of a hair less the gate on the inflow stays shut for good', () => {
    const less = { ...steady, growthBp: 1490 };
    expect(live(less, 'funded-inflow').measures.openPeriods).toBeLessThan(3);
  });
});

describe('planted violations: the lab notices', () => {
  it.each([
    ['a fen of cash too much', { cashFen: 11, fundFen: 4, voucherFen: 5, payoutFen: 1 }],
    ['a fund below zero', { cashFen: 4, fundFen: -1, voucherFen: 5, payoutFen: 0 }],
  ])('%s', (_name, money) => expect(() => assertBacked(money)).toThrow('I1'));

  it('one fen under the floor', () => {
    const book = { unreleased: 1000, coverageBp: 3000 };
    expect(() => assertCovered({ ...book, fundFen: 300 })).not.toThrow();
    expect(() => assertCovered({ ...book, fundFen: 299 })).toThrow('I2');
  });

  it('more than half of a day, more than the double of a month', () => {
    const day = { releasedFen: 50, consumptionFen: 100, members: [] };
    expect(() => assertCaps(day)).not.toThrow();
    expect(() => assertCaps({ ...day, releasedFen: 51 })).toThrow('I4');
    const member = { releasedFen: 21, consumedFen: 10 };
    expect(() => assertCaps({ ...day, members: [member] })).toThrow('I4');
  });
});

describe('what is refused', () => {
  it('dials out of their legal range, by name', () => {
    expect(configOf({ ...publishedDials, rateBp: 250 }, 'off')).toMatchObject({
      error: { key: 'rateBp' },
    });
    expect(configOf({ ...publishedDials, coverageBp: 6700 }, 'off')).toMatchObject({
      error: { key: 'coverageBp * 1.05' },
    });
    expect(configOf({ ...publishedDials, redemptionBp: [5000, 5000, 1] }, 'off').ok).toBe(false);
  });

  it('nothing that the dials allow leaves the range of amounts', () => {
    for (const growthBp of [-5000, 1000, 2000, 2500, 5000])
      for (const rules of ['literal-both', 'literal-gate-off', 'funded-inflow'] as const)
        for (const months of [36, 72]) {
          const trade = { ...steady, growthBp, noiseBp: 3000, seasonBp: 20_000 };
          const dials = { ...publishedDials, rateBp: 2000 };
          const found = runExperiment({ trade, months, rules, dials });
          if (!found.ok) expect(found.error.type).toBe('growth-too-large');
        }
  });

  it('growth that leaves every scale, and lives too short or too long', () => {
    expect(
      consumptionOf({ trade: { ...steady, growthBp: 2500 }, months: 120, rateBp: 1000 }),
    ).toEqual({
      ok: false,
      error: { type: 'growth-too-large' },
    });
    for (const months of [2, 121, 12.5])
      expect(consumptionOf({ trade: steady, months, rateBp: 1000 }).ok).toBe(false);
  });
});

it('MD5 is that of everybody else', () => {
  for (const text of ['', 'a', '2027-01-01:least', 'x'.repeat(55), 'y'.repeat(56), 'z'.repeat(200)])
    expect(md5Hex(text)).toBe(createHash('md5').update(text).digest('hex'));
  expect(() => md5Hex('积分')).toThrow('ASCII');
});

it('the calendar of thirty-day months: days sort, and 90 days after a window are three months', () => {
  expect(labDay(1, 1)).toBe('2027-01-01');
  expect(labDay(13, 30)).toBe('2028-01-30');
  expect(lastVoucherDay({ month: 11, voucherDays: 90 })).toBe('2028-02-30');
});
