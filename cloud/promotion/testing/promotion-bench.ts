import { sql } from 'drizzle-orm';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import {
  activateTestTerminal,
  type Answer,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import type { Clock } from '#shared/time/clock.ts';

export const dayMs = 86_400_000;

/** A cloud with shops, their tills, one person of the operator, and a clock that can be moved. */
export interface PromotionBench {
  readonly cloud: TestCloud;
  readonly app: CloudApp;
  readonly clock: Clock;
  readonly today: () => string;
  readonly moveDays: (days: number) => void;
  readonly moveMs: (ms: number) => void;
  /** A shop with so much credit, earned on the books of points. */
  readonly shop: (creditPoints: number) => Promise<TestTerminal>;
  /** Another till of a shop. */
  readonly anotherTill: (shop: TestTerminal) => Promise<TestTerminal>;
  readonly admin: (path: string, body?: object, key?: string) => Promise<Record<string, unknown>>;
  readonly personKey: string;
  readonly get: (till: TestTerminal, path: string) => Promise<Answer>;
  readonly post: (till: TestTerminal, path: string, body: unknown) => Promise<Answer>;
  readonly credit: (till: TestTerminal) => Promise<number>;
  /** The cloud has the sale from the till's journal: 10.00 in cash, unless another state is named. */
  readonly sold: (till: TestTerminal, orderId: string, state?: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function createPromotionBench(): Promise<PromotionBench> {
  let shiftMs = 0;
  const clock: Clock = { nowMs: () => Date.now() + shiftMs, monotonicMs: () => performance.now() };
  const cloud = await createTestCloud({ clock });
  const app = await buildTestApp(cloud);
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  const { operatorToken, operatorId, db } = cloud.deps;
  const admin: PromotionBench['admin'] = async (path, body, key) => {
    const response = await fetch(`${origin}/admin/v1/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${operatorToken}`,
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'x-person-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  const personKey = String((await admin('persons', { name: '陈' }))['key']);
  // A key counts from the day after it was made.
  shiftMs = 2 * dayMs;
  const bend = () => ({ createdShiftSeconds: Math.floor(shiftMs / 1000) });
  const creditOf = async (till: TestTerminal): Promise<number> => {
    const { rows } = await db.execute<{ points: number }>(sql`
      select points from promo_credit where merchant_id = ${till.merchantId}`);
    return rows[0]?.points ?? 0;
  };
  let shops = 0;
  return {
    cloud,
    app,
    clock,
    today: () => accountingDate(clock.nowMs()),
    moveDays: (days) => {
      shiftMs += days * dayMs;
    },
    moveMs: (ms) => {
      shiftMs += ms;
    },
    shop: async (creditPoints) => {
      const till = await activateTestTerminal({ origin, operatorToken });
      shops += 1;
      if (creditPoints > 0) {
        await db.execute(sql`insert into promo_entry values (${operatorId}, ${till.merchantId},
          'earned', ${`sale ${shops}`}, ${creditPoints}, ${accountingDate(clock.nowMs())}::date)`);
        await db.execute(sql`insert into promo_credit values
          (${operatorId}, ${till.merchantId}, ${creditPoints})`);
      }
      return till;
    },
    anotherTill: (shop) => activateTestTerminal({ origin, operatorToken, shop }),
    admin,
    personKey,
    get: (till, path) => till.get(path, bend()),
    post: (till, path, body) => till.post(path, body, bend()),
    credit: creditOf,
    sold: async (till, orderId, state = 'cash-recorded') => {
      const nowMs = clock.nowMs();
      await db.execute(sql`
        insert into customer_order (operator_id, merchant_id, order_id, terminal_id, epoch, state,
          amount_fen, voucher_fen, business_date, folded, updated_at_ms)
        values (${operatorId}, ${till.merchantId}, ${orderId}, ${till.terminalId}, 'epo_1', ${state},
          1000, 0, ${accountingDate(nowMs)}, ${JSON.stringify({ openedAtMs: nowMs })}::jsonb, ${nowMs})
        on conflict (operator_id, merchant_id, order_id) do update set state = excluded.state`);
    },
    close: async () => {
      await app.close();
      await cloud.close();
    },
  };
}

export const prices = [
  { service: 'push-slot', pricePoints: 5_000, quantity: 3 },
  { service: 'map-pin', pricePoints: 10_000, quantity: 10 },
  { service: 'partner-coupon', pricePoints: 3_001, quantity: 2 },
  { service: 'traffic', pricePoints: 2_000, quantity: 4 },
];
