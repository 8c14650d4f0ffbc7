import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { waterFill } from '#shared/points/release/water-fill.ts';
import { createDice, randomOrderLog, type OrderLog } from '#shared/testing/order-log.ts';
import { liveOrderLog } from '#shared/testing/order-log-life.ts';
import { slowWaterFill } from '#shared/testing/slow-water-fill.ts';

/**
 * The proofs of docs/points.md 2.10 on random data. A run of the tests takes a few of each; every night takes all:
 * GREENTILL_LIVES=300 GREENTILL_FILLINGS=60000 npx vitest run shared/points/order-logs.test.ts
 */
const { GREENTILL_LIVES = '12', GREENTILL_FILLINGS = '3000' } = process.env;
const lives = Number(GREENTILL_LIVES);
const fillings = Number(GREENTILL_FILLINGS);
const months = 48;
const longMs = 3_600_000;

const rates = {
  concessionBp: basisPoints(3000),
  flowCapBp: basisPoints(9000),
  flowBp: basisPoints(900),
};
const greedy = { marketer: rates, region: rates, province: rates };

const md5Hex = (text: string): string => createHash('md5').update(text).digest('hex');

describe('random order logs', () => {
  it(
    `${lives} lives of ${months} months keep I1 to I7 on every day, and the same log gives the same bytes (I8)`,
    () => {
      const seen = { open: 0, closed: 0, released: 0, late: 0, held: 0, ended: 0, orders: 0 };
      for (let seed = 1; seed <= lives; seed += 1) {
        const log = randomOrderLog(seed, months);
        const life = liveOrderLog(log, md5Hex);
        // A log that was written down and read again, as an export is.
        const replayed = liveOrderLog(JSON.parse(JSON.stringify(log)) as OrderLog, md5Hex);
        expect(replayed.text === life.text, `seed ${seed}`).toBe(true);
        seen.open += life.openMonths;
        seen.closed += life.closedMonths;
        seen.released += life.releasedFen;
        seen.late += life.refundsLate;
        seen.held += life.refundsInHold;
        seen.ended += life.lotsEnded;
        seen.orders += life.orders;
      }
      process.stdout.write(`${JSON.stringify({ lives, months, ...seen })}\n`);
      // The search met everything that could have broken a law.
      for (const [what, count] of Object.entries(seen))
        expect([what, count > 0]).toEqual([what, true]);
    },
    longMs,
  );

  // Rules outside their legal ranges, which `checkPointsConfig` refuses: the life notices each by itself.
  it.each([
    ['I4', { dailyReleaseBp: basisPoints(9000), monthlyReleaseBp: basisPoints(90_000) }],
    ['I5', { multMinBp: basisPoints(60_000), multMaxBp: basisPoints(90_000) }],
    ['I7', { agentTotalCapBp: basisPoints(9000), agents: greedy, fundMinBp: basisPoints(0) }],
  ] as const)('planted: looser rules break %s, and it is noticed', (law, change) => {
    const broken = Array.from({ length: 40 }, (_, at) => {
      const log = randomOrderLog(at + 1, 30);
      const { config } = log;
      try {
        liveOrderLog({ ...log, config: { ...config, ...change } }, md5Hex);
        return '';
      } catch (error) {
        return String(error);
      }
    });
    expect(broken.join(' ')).toContain(`${law}:`);
  });

  it.each([
    ['I1', (money: { cash: number; fund: number }) => (money.cash += 1)],
    [
      'I2',
      (money: { cash: number; fund: number }) => {
        const lost = Math.floor(money.fund / 5);
        money.cash -= lost;
        money.fund -= lost;
      },
    ],
  ] as const)('planted: books that %s forbids are noticed', (law, spoil) => {
    const said = Array.from({ length: 8 }, (_, at) => {
      try {
        liveOrderLog(randomOrderLog(at + 1, 30), md5Hex, (money) => void spoil(money));
        return '';
      } catch (error) {
        return String(error);
      }
    });
    expect(said.join(' ')).toContain(`${law}:`);
  });

  it('another log gives other bytes', () => {
    const texts = [1, 2].map((seed) => liveOrderLog(randomOrderLog(seed, 12), md5Hex).text);
    expect(texts[0]).not.toBe(texts[1]);
  });
});

describe('random water-fillings', () => {
  it(
    `${fillings} books: every fen as an independent slow implementation divides it`,
    () => {
      const dice = createDice(20_261_123);
      let capped = 0;
      for (let book = 0; book < fillings; book += 1) {
        const most = 10 ** (1 + dice(8));
        const rows = Array.from({ length: 1 + dice(24) }, (_, at) => ({
          id: `u${at}`,
          wantFen: fen(dice(4) === 0 ? 0 : dice(most)),
          capFen: fen(dice(3) === 0 ? dice(most) : Math.floor(most * 1.5)),
        }));
        const wanted = rows.reduce((sum, { wantFen }) => sum + wantFen, 0);
        const totalFen = fen(dice(10) === 0 ? wanted + dice(9) : dice(wanted + 1));
        const runId = `run${book}`;
        const { allocFen } = waterFill({ runId, totalFen, rows, md5Hex });
        expect(allocFen, `book ${book}`).toEqual(slowWaterFill({ runId, totalFen, rows, md5Hex }));
        if (allocFen.some((one, at) => one > 0 && one === rows[at]!.capFen)) capped += 1;
      }
      expect(capped).toBeGreaterThan(fillings / 20);
    },
    longMs,
  );
});
