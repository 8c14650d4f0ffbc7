import { expect, it } from 'vitest';
import type { Tx } from '#cloud/platform/db.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  fundWith,
  operatorOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { closeInputOf } from '#cloud/release/close/close-explanation.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { readClose } from '#cloud/release/close/stored-closes.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { basisPoints } from '#shared/money/rate.ts';
import type { GateInput } from '#shared/points/gate/gate.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';

/** What a gate reads out of the tables, held against a count by hand (docs/points.md 2.6). */
const database = useTestDatabase();
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);

const months = ['2026-01', '2026-02', '2026-03'] as const;
const daysOf = { '2026-01': 31n, '2026-02': 28n, '2026-03': 31n } as const;
type Month = (typeof months)[number];

interface Sale {
  readonly month: Month;
  readonly merchant: number;
  /** None: nobody has claimed it. */
  readonly member?: number;
  /** Yuan; at 20% as many fen of concession times 20. */
  readonly yuan: number;
}

const pointsOf = ({ yuan }: Sale): bigint => BigInt(yuan) * 20n;
const sumOf = (sales: readonly Sale[]): bigint =>
  sales.reduce((sum, sale) => sum + pointsOf(sale), 0n);

let [operators, orders] = [0, 0];

/** Sales of three months, all final in their own month, each month closed; answers what March's close read. */
async function readMarch(
  sales: readonly Sale[],
  config: Partial<PointsConfig> = {},
): Promise<{ readonly gate: GateInput; readonly reason: string; readonly open: boolean }> {
  const operatorId = operatorOf(700 + (operators += 1));
  await inTx((tx) => usePilotConfig(tx, operatorId, config));
  await inTx((tx) => fundWith(tx, operatorId, { key: 'fund', amountFen: 1_000_000 }));
  for (const month of months) {
    await sell(operatorId, month, sales);
    getOrThrow(await inTx((tx) => closePeriod(tx, { operatorId, period: month })));
  }
  const close = (await readClose(database.db, { operatorId, period: '2026-03' }))!;
  const { gate } = closeInputOf(close.explanation, []);
  return { gate, reason: close.gateReason, open: close.gateOpen };
}

async function sell(operatorId: OperatorId, month: Month, sales: readonly Sale[]): Promise<void> {
  const paid = sales
    .filter((sale) => sale.month === month)
    .map(({ member, merchant, yuan }) =>
      paidOrder(operatorId, (orders += 1), {
        day: `${month}-05`,
        merchant,
        netFen: yuan * 100,
        ...(member === undefined ? {} : { member }),
      }),
    );
  const orderIds = paid.map(({ orderId }) => orderId);
  await inTx(async (tx) => {
    await issuePendingPoints(tx, paid);
    await makePointsFinal(tx, { operatorId, orderIds, asOf: `${month}-20` });
  });
}

const most = (values: readonly bigint[]): bigint =>
  values.reduce((top, value) => (value > top ? value : top), 0n);

/** The same by hand, sale by sale. */
function countMarch(sales: readonly Sale[]): GateInput {
  const of = (month: Month, merchant?: number): bigint =>
    sumOf(
      sales.filter((sale) => sale.month === month && (merchant ?? sale.merchant) === sale.merchant),
    );
  const shops = [...new Set(sales.map(({ merchant }) => merchant))];
  const before = of('2026-01') + of('2026-02');
  return {
    outstanding: {
      previous: before,
      current: before + of('2026-03'),
      topMerchantGrowth: most(shops.map((shop) => of('2026-03', shop))),
    },
    inflow: {
      previous: of('2026-02'),
      previousDays: Number(daysOf['2026-02']),
      current: of('2026-03'),
      currentDays: Number(daysOf['2026-03']),
      topMerchantGrowth: most(
        shops.map(
          (shop) =>
            of('2026-03', shop) * daysOf['2026-02'] - of('2026-02', shop) * daysOf['2026-03'],
        ),
      ),
    },
  };
}

it.each([1, 2, 3, 4, 5])(
  'both measures, and the largest part of one shop in each, are what one counts sale by sale (seed %d)',
  async (seed) => {
    const random = createSeededRandom(seed);
    const dice = (limit: number): number => Math.floor(random.unit() * limit);
    const sales = Array.from({ length: 40 }, (): Sale => {
      const member = dice(8);
      return {
        month: months[dice(3)]!,
        merchant: 1 + dice(5),
        yuan: 1 + dice(200),
        ...(member === 0 ? {} : { member }),
      };
    });
    const { gate } = await readMarch(sales);
    expect(gate).toEqual(countMarch(sales));
  },
);

/** Four shops sell 100.00 each in each month, and in March 130.00, which opens both gates. */
const even: readonly Sale[] = months.flatMap((month) =>
  [1, 2, 3, 4].map((merchant) => ({
    month,
    merchant,
    member: merchant,
    yuan: month === '2026-03' ? 130 : 100,
  })),
);
const limit = { gateMaxTopMerchantShareBp: basisPoints(3000) };
/** The same growth, most of it at one shop. */
const uneven = even.map((sale) =>
  sale.month === '2026-03' ? { ...sale, yuan: sale.merchant === 1 ? 220 : 100 } : sale,
);

it.each(['outstanding', 'period_inflow'] as const)(
  'by %s the gate opens on the growth of four shops and stays shut on as much growth of one',
  async (gateMeasure) => {
    expect(await readMarch(even, { gateMeasure, ...limit })).toMatchObject({ open: true });
    expect(await readMarch(uneven, { gateMeasure, ...limit })).toMatchObject({
      open: false,
      reason: 'merchant-concentration',
    });
    expect(await readMarch(uneven, { gateMeasure })).toMatchObject({ open: true });
  },
);

it.each(['outstanding', 'period_inflow'] as const)(
  'by %s a pool of exactly the minimum scale opens, and one of a point-fen less does not',
  async (gateMeasure) => {
    const { gate } = await readMarch(even);
    const scale = Number(
      gateMeasure === 'outstanding' ? gate.outstanding.current : gate.inflow.current,
    );
    const at = (gateMinScale: number) =>
      readMarch(even, { gateMeasure, gateMinScale: pointFen(gateMinScale) });
    expect(await at(scale)).toMatchObject({ open: true });
    expect(await at(scale + 1)).toMatchObject({ open: false, reason: 'below-min-scale' });
  },
);
