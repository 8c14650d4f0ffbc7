import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { createScopedDb } from '#cloud/platform/tenancy/scoped-db.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  memberOf,
  merchantOf,
  operatorOf,
  orderOf,
  paidOrder,
} from '#cloud/points/testing/points-fixtures.ts';
import { plantLines } from '#cloud/review/testing/plant-lines.ts';
import { velocityRulesDefault } from '#cloud/review/velocity-rules.ts';
import { decideVoucherReview, mayUseVouchers } from '#cloud/review/voucher-guard.ts';
import type { OperatorId, TerminalId } from '#shared/ids/ids.ts';

const database = useTestDatabase();
let operatorCount = 0;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);
const issue = (orders: readonly PaidOrder[]) => inTx((tx) => issuePendingPoints(tx, orders));
const finalise = (operatorId: OperatorId, count: number) =>
  inTx((tx) =>
    makePointsFinal(tx, {
      operatorId,
      orderIds: Array.from({ length: count }, (_, index) => orderOf(index + 1)),
      asOf: '2026-03-09',
    }),
  );
const dayMs = 86_400_000;

const ask = (operatorId: OperatorId, nowMs: number, member = 1) =>
  inTx((tx) =>
    mayUseVouchers(tx, {
      operatorId,
      merchantId: merchantOf(1),
      memberId: memberOf(member),
      nowMs,
    }),
  );

describe('vouchers at a shop', () => {
  const marchMs = Date.UTC(2026, 2, 20, 4);

  it('stop when they are more than 30% of its month, until somebody let them go or the month is over', async () => {
    const operatorId = freshOperator();
    await plantLines(database.db, operatorId, { count: 20, voucherFen: 3_001 });
    const refused = { ok: false, error: { type: 'voucher-shop-in-review' } };
    expect(await ask(operatorId, marchMs)).toEqual(refused);
    const verdict = (month: string) =>
      decideVoucherReview(database.db, {
        operatorId,
        merchantId: merchantOf(1),
        month,
        verdict: 'allowed',
        by: '王芳',
        note: '店庆活动',
        nowMs: marchMs,
      });
    expect(await verdict('2026-02')).toBe(false);
    expect(await ask(operatorId, marchMs)).toEqual(refused);
    expect(await verdict('2026-03')).toBe(true);
    expect(await ask(operatorId, marchMs)).toEqual({ ok: true });
    const other = freshOperator();
    await plantLines(database.db, other, { count: 20, voucherFen: 3_000 });
    expect(await ask(other, marchMs)).toEqual({ ok: true });
    await plantMore(other);
    expect(await ask(other, marchMs)).toEqual(refused);
    expect(await ask(other, marchMs + 15 * dayMs)).toEqual({ ok: true });
  });

  it('are not for the one shop that earned them, once there are shops enough to go to', async () => {
    const operatorId = freshOperator();
    const shops = velocityRulesDefault.voucherOrigin.shopsMin;
    await issue([
      paidOrder(operatorId, 1, { day: '2026-03-02', member: 1, merchant: 1 }),
      paidOrder(operatorId, 2, { day: '2026-03-02', member: 2, merchant: 1 }),
      paidOrder(operatorId, 3, { day: '2026-03-02', member: 2, merchant: 2 }),
      ...Array.from({ length: shops - 3 }, (_, index) =>
        paidOrder(operatorId, 4 + index, { day: '2026-03-02', member: 3, merchant: 3 + index }),
      ),
    ]);
    await finalise(operatorId, 3 + shops - 3);
    expect(await ask(operatorId, marchMs, 1)).toEqual({ ok: true });
    await issue([paidOrder(operatorId, 50, { day: '2026-03-02', member: 3, merchant: shops })]);
    await inTx((tx) =>
      makePointsFinal(tx, { operatorId, orderIds: [orderOf(50)], asOf: '2026-03-09' }),
    );
    expect(await ask(operatorId, marchMs, 1)).toEqual({
      ok: false,
      error: { type: 'voucher-earned-here-only' },
    });
    expect(await ask(operatorId, marchMs, 2)).toEqual({ ok: true });
    // A till asks as itself: the other shops' rows are closed to it, and the rule must hold all the same.
    const till = {
      type: 'terminal' as const,
      operatorId,
      merchantId: merchantOf(1),
      terminalId: 'trm_01J00000000000000000000001' as TerminalId,
    };
    const wish = { operatorId, merchantId: merchantOf(1), memberId: memberOf(1), nowMs: marchMs };
    const scoped = createScopedDb(database.pool);
    const asked = runScoped(till, () => scoped.transaction((tx) => mayUseVouchers(tx, wish)));
    expect(await asked).toEqual({ ok: false, error: { type: 'voucher-earned-here-only' } });
  });
});

const plantMore = (operatorId: OperatorId): Promise<unknown> =>
  database.db.execute(sql`
    update settlement_line set voucher_fen = 3001, net_fen = 6999, subsidy_fen = 3001
     where operator_id = ${operatorId} and order_id = ${orderOf(1)}`);
