import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOutboxOnce } from '#cloud/platform/outbox.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import type { TestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import {
  createPromotionBench,
  dayMs,
  type PromotionBench,
} from '#cloud/promotion/testing/promotion-bench.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { runFinality } from '#cloud/settlement/finality.ts';
import { paidOrder } from '#cloud/settlement/testing/paid-orders.ts';
import { remindOfExpiry, reminders, type Reminder } from '#cloud/vouchers/expiry-reminders.ts';
import { createNextVisitHandler, nextVisitTopic } from '#cloud/vouchers/next-visit.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { addDays } from '#shared/time/calendar-day.ts';
import { memberConsentWords } from '#shared/wire/v1/members.ts';

let bench: PromotionBench;
let till: TestTerminal;
beforeAll(async () => {
  bench = await createPromotionBench();
  till = await bench.shop(0);
});
afterAll(() => bench.close());

let phones = 0;
let vouchers = 0;
const agreed = { words: memberConsentWords, shops: false };
const register = (body: object) => bench.post(till, '/v1/members', body);
const newMember = async (): Promise<MemberId> => {
  phones += 1;
  const phone = `1360000000${phones}`;
  return String((await register({ phone, consent: agreed })).body['memberId']) as MemberId;
};
const give = (memberId: MemberId, faceFen: number, endsInDays: number) => {
  vouchers += 1;
  const { db, operatorId } = bench.cloud.deps;
  return db.execute(sql`
    insert into voucher (operator_id, voucher_id, member_id, period, day, face_fen, left_fen, expires_on)
    values (${operatorId}, ${`vch_${String(vouchers).padStart(26, '0')}`}, ${memberId}, '2026-02',
            ${bench.today()}::date, ${faceFen}, ${faceFen}, ${addDays(bench.today(), endsInDays)}::date)`);
};
const page = async (memberId: MemberId, path: string, more: object = {}, key?: string) => {
  const link = await bench.admin(`members/${memberId}/page-link`, {});
  const answer = await bench.app.inject({
    method: 'POST',
    url: `/v1/member-pages/${path}`,
    payload: { memberId, key: key ?? String(link['path']).split('#')[1], ...more },
  });
  return answer.json<Record<string, unknown>>();
};
const consentsOf = async (memberId: MemberId) => {
  const { rows } = await bench.cloud.deps.db.execute(sql`
    select kind, given, words, source, at_terminal is not null as "isAtTill" from member_consent
     where member_id = ${memberId} order by consent_no`);
  return rows;
};
let sales = 0;
/** A sale to a member that became final, with the effects that followed. */
async function finalSale(memberId: MemberId): Promise<void> {
  sales += 1;
  const { db, operatorId, clock } = bench.cloud.deps;
  const order = {
    ...paidOrder({
      operatorId,
      index: 5_000 + sales,
      amountFen: 10_000,
      acceptedAtMs: clock.nowMs() - 8 * dayMs,
    }),
    merchantId: till.merchantId,
    memberId,
  };
  getOrThrow(await db.transaction((tx) => bookPaidOrders(tx, [order])));
  await db.transaction((tx) => runFinality(tx, { operatorId, asOfMs: clock.nowMs() }));
  await runOutboxOnce(bench.cloud.deps, {
    [nextVisitTopic]: createNextVisitHandler(bench.cloud.deps),
  });
}
const remind = (reminder: Reminder) => {
  const { db, operatorId, clock } = bench.cloud.deps;
  const look = { operatorId, today: bench.today(), reminder, nowMs: clock.nowMs() };
  return runScoped({ type: 'operator', operatorId }, () =>
    db.transaction((tx) => remindOfExpiry(tx, look)),
  );
};

const messages = async (memberId: MemberId) =>
  (await page(memberId, 'account'))['messages'] as { kind: string }[];
const runAll = async () => {
  for (const reminder of reminders) await remind(reminder);
};

describe('registration at the counter', () => {
  it('registers nobody new without his consent, finds who is known without one, and keeps what was said', async () => {
    const refused = await register({ phone: '13611110001' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'member-consent-missing' } });
    const made = await register({ phone: '13611110001', consent: { ...agreed, shops: true } });
    expect(made.status).toBe(201);
    const again = await register({ phone: '13611110001' });
    expect(again).toMatchObject({ status: 200, body: { memberId: made.body['memberId'] } });
    const said = { words: memberConsentWords, source: 'counter', isAtTill: true };
    expect(await consentsOf(String(made.body['memberId']) as MemberId)).toEqual([
      { kind: 'register', given: true, ...said },
      { kind: 'shops', given: true, ...said },
    ]);
  });

  it('a consent is never changed or taken out of the record', async () => {
    const { db } = bench.cloud.deps;
    await expect(db.execute(sql`update member_consent set given = true`)).rejects.toThrow();
    await expect(db.execute(sql`delete from member_consent`)).rejects.toThrow();
  });
});

describe("a member's account", () => {
  it('shows points by where they stand, the voucher to come back for, and what days gave; to him only', async () => {
    const memberId = await newMember();
    await give(memberId, 900, 60);
    await give(memberId, 400, 20);
    await finalSale(memberId);
    const account = await page(memberId, 'account');
    expect(account).toMatchObject({
      pendingPoints: 0,
      unreleasedPoints: 2_000,
      duePoints: 0,
      best: { leftFen: 400, expiresOn: addDays(bench.today(), 20) },
      given: [{ day: bench.today(), faceFen: 1_300 }],
      wishes: { hearsVouchers: true, hearsShops: false },
    });
    const wrong = await page(memberId, 'account', {}, 'A'.repeat(22));
    expect(wrong).toMatchObject({ code: 'member-unknown' });
  });

  it('changes what he wants to hear, and each change is kept', async () => {
    const memberId = await newMember();
    const now = await page(memberId, 'wishes', { hearsShops: true });
    expect(now).toEqual({ hearsVouchers: true, hearsShops: true });
    await page(memberId, 'wishes', { hearsShops: true });
    await page(memberId, 'wishes', { hearsVouchers: false });
    const said = { words: memberConsentWords, source: 'page', isAtTill: false };
    expect((await consentsOf(memberId)).slice(2)).toEqual([
      { kind: 'shops', given: true, ...said },
      { kind: 'vouchers', given: false, ...said },
    ]);
  });
});

describe('the voucher for the next visit', () => {
  it('is told once per final order, the one that ends first', async () => {
    const memberId = await newMember();
    await give(memberId, 700, 40);
    await give(memberId, 300, 30);
    await finalSale(memberId);
    await runOutboxOnce(bench.cloud.deps, {
      [nextVisitTopic]: createNextVisitHandler(bench.cloud.deps),
    });
    expect(await messages(memberId)).toEqual([
      {
        kind: 'next-visit',
        onDay: bench.today(),
        amountFen: 300,
        expiresOn: addDays(bench.today(), 30),
      },
    ]);
  });

  it('is not told to who has none, nor to who said no, also when he said it in between', async () => {
    const [poor, silent, late] = [await newMember(), await newMember(), await newMember()];
    for (const memberId of [silent, late]) await give(memberId, 700, 40);
    await page(silent, 'wishes', { hearsVouchers: false });
    await finalSale(poor);
    await finalSale(silent);
    const { db, operatorId } = bench.cloud.deps;
    const job = { topic: nextVisitTopic, effectKey: 'ord_late', payload: { memberId: late } };
    await page(late, 'wishes', { hearsVouchers: false });
    await db.transaction((tx) =>
      createNextVisitHandler(bench.cloud.deps)(tx, { operatorId, ...job }),
    );
    for (const memberId of [poor, silent, late]) expect(await messages(memberId)).toEqual([]);
  });
});

describe('reminders before vouchers end', () => {
  it('come 15, 7 and 1 days before, with all that ends by then, and are made good after a day without a run', async () => {
    const memberId = await newMember();
    await give(memberId, 500, 16);
    await give(memberId, 250, 18);
    const told = async () => {
      const { rows } = await bench.cloud.deps.db.execute<{ ref: string; fen: number }>(sql`
        select ref, amount_fen as fen from member_message
         where kind = 'expiry' and member_id = ${memberId}`);
      return rows.map(({ ref, fen }) => `${ref.split(':')[0]}: ${fen}`).toSorted();
    };
    await runAll();
    expect(await told()).toEqual([]);
    // The fifteenth day before was missed; on the fourteenth he hears of it.
    bench.moveDays(2);
    await runAll();
    await runAll();
    expect(await told()).toEqual(['15: 500']);
    bench.moveDays(7);
    await runAll();
    expect(await told()).toEqual(['15: 250', '15: 500', '7: 500']);
    bench.moveDays(4);
    await runAll();
    expect(await told()).toHaveLength(3);
    bench.moveDays(2);
    await runAll();
    bench.moveDays(2);
    await runAll();
    const all = ['15: 250', '15: 500', '1: 250', '1: 500', '7: 250', '7: 500'];
    expect(await told()).toEqual(all);
  });

  it('are not sent daily although vouchers end daily, nor to who said no', async () => {
    const [memberId, silent] = [await newMember(), await newMember()];
    for (let day = 15; day < 25; day += 1)
      for (const one of [memberId, silent]) await give(one, 10, day);
    await page(silent, 'wishes', { hearsVouchers: false });
    const days: number[] = [];
    for (let day = 0; day < 9; day += 1) {
      await remind(reminders[0]!);
      const { rows } = await bench.cloud.deps.db.execute<{ count: number }>(sql`
        select count(*)::integer as count from member_message where kind = 'expiry'
           and member_id in (${memberId}, ${silent})`);
      days.push(rows[0]!.count);
      bench.moveDays(1);
    }
    expect(days).toEqual([1, 1, 1, 1, 1, 1, 1, 2, 2]);
  });
});
