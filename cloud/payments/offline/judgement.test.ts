import { sql } from 'drizzle-orm';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keepContact } from '#cloud/identity/terminal-contact.ts';
import { readBalances } from '#cloud/ledger/balances.ts';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { readResults } from '#cloud/orders/results.ts';
import type { TillIdentity } from '#cloud/payments/charge.ts';
import { capsGoneOver } from '#cloud/payments/offline/caps.ts';
import { settleOfflineOnce } from '#cloud/payments/offline/settlement.ts';
import { lockSettlement, revokeCertificate } from '#cloud/payments/offline/store.ts';
import type { OfflineSale } from '#cloud/payments/offline/sale.ts';
import { paymentLaws } from '#cloud/payments/payment-laws.ts';
import {
  arrive,
  newBearer,
  newPhone,
  saleAt,
  testEpoch,
  type Phone,
} from '#cloud/payments/testing/offline-sales.ts';
import {
  createPaymentBench,
  provisionTill,
  type PaymentBench,
} from '#cloud/payments/testing/payment-bench.ts';
import { fen } from '#shared/money/fen.ts';

let bench: PaymentBench;
let first: TillIdentity;
let second: TillIdentity;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());
/** Two shops that nothing happened in yet. */
beforeEach(async () => {
  bench.simulator.setRules({ withholdFailEndings: [] });
  shopNo += 2;
  first = await provisionTill(bench.cloud, `19000${shopNo}`);
  second = await provisionTill(bench.cloud, `19000${shopNo + 1}`);
});
let shopNo = 10_000;

const letDebitsFail = (memberId: string) =>
  bench.simulator.setRules({ withholdFailEndings: [memberId.slice(-6)] });

async function resultOf(sale: OfflineSale) {
  const { results } = await readResults(bench.deps.db, { ...sale, afterCursor: 0 });
  return results.find(({ orderId }) => orderId === sale.orderId);
}

const rowOf = (sale: OfflineSale) =>
  bench.deps.db.transaction(async (tx) => (await lockSettlement(tx, sale))!);

async function settle(...sales: readonly OfflineSale[]) {
  for (const sale of sales) {
    await arrive(bench, sale);
    await bench.runUntilQuiet();
  }
  return await Promise.all(sales.map(rowOf));
}

const shownBy = (phone: Phone, counter: number) => ({ ...phone, code: phone.show(counter) });

async function natural(account: string, merchant?: TillIdentity): Promise<number> {
  const { operatorId } = bench.till;
  const merchantId = merchant?.merchantId;
  const balances = await readBalances(bench.deps.db, { operatorId, merchantId });
  return balances.find((one) => one.account === account)?.balanceFen ?? 0;
}

afterAll(async () => {
  const laws = [...ledgerLaws, ...paymentLaws];
  const proofs = await proveLaws(bench.deps.db, { operatorId: bench.till.operatorId, laws });
  expect(proofs.filter(({ holds }) => !holds)).toEqual([]);
});

describe('who bears a loss', () => {
  it('a failed debit inside the caps: the platform pays the shop at once, and the books know', async () => {
    const phone = newPhone(bench);
    letDebitsFail(phone.memberId);
    const before = await natural('guarantee_loss');
    const sale = saleAt(bench, first, shownBy(phone, 1));
    const [row] = await settle(sale);
    expect(row).toMatchObject({
      state: 'debit-failed',
      reason: 'withholding-failed',
      bearer: 'platform',
      coveredFen: 2_000,
      overCaps: undefined,
    });
    expect(await resultOf(sale)).toMatchObject({ bearer: 'platform', coveredFen: 2_000 });
    expect(await natural('merchant_payable', first)).toBe(2_000);
    expect(await natural('guarantee_loss')).toBe(before + 2_000);
  });

  it('over the caps: still debited; when that fails the merchant bears it', async () => {
    const good = newBearer(bench);
    const amountFen = fen(4_500);
    const [settled] = await settle(saleAt(bench, first, { ...good, amountFen }));
    expect(settled).toMatchObject({ state: 'settled', overCaps: 'offline-payment-limit' });
    const bad = newBearer(bench);
    letDebitsFail(bad.memberId);
    const sale = saleAt(bench, first, { ...bad, amountFen });
    const [failed] = await settle(sale);
    expect(failed).toMatchObject({ state: 'debit-failed', bearer: 'merchant', coveredFen: 0 });
    expect(await resultOf(sale)).toMatchObject({ bearer: 'merchant', coveredFen: 0 });
  });

  it('an order that was paid otherwise lost nothing', async () => {
    const phone = newPhone(bench);
    const sale = saleAt(bench, first, shownBy(phone, 1));
    const [row] = await settle(sale);
    expect(row).toMatchObject({ state: 'settled', bearer: undefined, coveredFen: 0 });
  });

  it('a stopped code: the shop that could know bears it, the one that was away does not', async () => {
    const phone = newPhone(bench);
    const nowMs = bench.clock.nowMs();
    const heard = (till: TillIdentity, atMs: number) =>
      keepContact(bench.deps.db, { ...till, nowMs: atMs });
    await heard(first, nowMs - 3_600_000);
    await heard(second, nowMs - 60_000);
    const { certificateId } = phone;
    const stop = { ...first, certificateId, reason: 'lost phone', nowMs: nowMs - 1_800_000 };
    await bench.deps.db.transaction((tx) => revokeCertificate(tx, stop));
    const [away, online] = await settle(
      saleAt(bench, first, shownBy(phone, 1)),
      saleAt(bench, second, shownBy(phone, 2)),
    );
    expect(away).toMatchObject({ reason: 'member-code-revoked', bearer: 'platform' });
    expect(online).toMatchObject({ reason: 'member-code-revoked', bearer: 'merchant' });
  });
});

describe('one showing in two shops', () => {
  const orders = [
    ['the earlier sale comes first', false],
    ['the later sale comes first', true],
  ] as const;

  it.each(orders)('signed by the phone: cloned; %s', async (_what, isReversed) => {
    const phone = newPhone(bench);
    const code = shownBy(phone, 9);
    const [early, late] = [saleAt(bench, first, code), saleAt(bench, second, code)];
    const sales = isReversed ? [late, early] : [early, late];
    const owedBefore = await natural('member_receivable');
    const rows = await settle(...sales);
    expect(rows).toMatchObject([
      { state: 'settled', bearer: undefined },
      {
        state: 'duplicate',
        reason: 'member-code-cloned',
        bearer: 'member',
        coveredFen: 2_000,
        rivalOrderId: sales[0]!.orderId,
      },
    ]);
    expect(await natural('member_receivable')).toBe(owedBefore + 2_000);
    expect(await resultOf(sales[1]!)).toMatchObject({ result: 'duplicate', bearer: 'member' });
    const { rows: stopped } = await bench.deps.db.execute(sql`
      select reason from member_certificate_revoked where certificate_id = ${phone.certificateId}`);
    expect(stopped).toEqual([{ reason: 'cloned' }]);
    // What the same phone signed besides is still debited: it was stopped for its owner's fault,
    // not for a thief's.
    const [other] = await settle(saleAt(bench, first, shownBy(phone, 10)));
    expect(other).toMatchObject({ state: 'settled' });
  });

  it.each(orders)('the bearer form: replayed, inside the caps; %s', async (_what, isReversed) => {
    const code = newBearer(bench);
    const [early, late] = [saleAt(bench, first, code), saleAt(bench, second, code)];
    const rows = await settle(...(isReversed ? [late, early] : [early, late]));
    expect(rows).toMatchObject([
      { state: 'settled' },
      { state: 'duplicate', reason: 'member-code-used', bearer: 'platform', coveredFen: 2_000 },
    ]);
  });

  it('the bearer form above its caps: the second shop bears it', async () => {
    const code = newBearer(bench);
    const amountFen = fen(4_001);
    const [, row] = await settle(
      saleAt(bench, first, code),
      saleAt(bench, second, { ...code, amountFen }),
    );
    expect(row).toMatchObject({ state: 'duplicate', bearer: 'merchant', coveredFen: 0 });
  });

  it('two tills of one shop are no clone: the shop bears it, and no phone is stopped', async () => {
    const phone = newPhone(bench);
    const code = shownBy(phone, 1);
    const twin = { ...second, merchantId: first.merchantId };
    const [, row] = await settle(saleAt(bench, first, code), saleAt(bench, twin, code));
    expect(row).toMatchObject({ reason: 'member-code-used', bearer: 'merchant' });
    const { rows } = await bench.deps.db.execute(sql`
      select 1 from member_certificate_revoked where certificate_id = ${phone.certificateId}`);
    expect(rows).toEqual([]);
  });

  it('other counters above what the member may owe: overspent, the platform answers inside the caps', async () => {
    const phone = newPhone(bench);
    letDebitsFail(phone.memberId);
    const amountFen = fen(5_000);
    const sales = [first, first, second].map((till, index) => {
      bench.clock.advance(1_000);
      return saleAt(bench, till, { ...shownBy(phone, index + 1), amountFen });
    });
    const rows = await settle(...sales);
    expect(rows[2]).toMatchObject({
      reason: 'member-overspent',
      bearer: 'platform',
      coveredFen: 5_000,
      rivalOrderId: sales[1]!.orderId,
    });
  });

  it('64 sales with one showing, arriving and judged at once: one is paid, 63 are the member’s', async () => {
    const phone = newPhone(bench);
    const code = shownBy(phone, 1);
    const sales = Array.from({ length: 64 }, (_, index) =>
      // Small sums: the caps of each shop are not what this is about.
      saleAt(bench, index % 2 === 0 ? first : second, { ...code, amountFen: fen(100) }),
    );
    await Promise.all(sales.map((sale) => arrive(bench, sale)));
    const workers = [bench.deps, bench.restarted(), bench.restarted(), bench.restarted()];
    await Promise.all(
      workers.map(async (deps) => {
        while ((await settleOfflineOnce(deps)) > 0);
      }),
    );
    await bench.runUntilQuiet();
    const rows = await Promise.all(sales.map(rowOf));
    const winner = rows.find(({ state }) => state === 'settled')!;
    expect(rows.filter(({ state }) => state === 'settled')).toHaveLength(1);
    for (const row of rows) {
      if (row === winner) continue;
      const isOwn = row.merchantId === winner.merchantId;
      expect(row).toMatchObject({
        state: 'duplicate',
        rivalOrderId: winner.orderId,
        bearer: isOwn ? 'merchant' : 'member',
      });
    }
    const { rows: uses } = await bench.deps.db.execute(sql`
      select order_id from member_certificate_use where certificate_id = ${phone.certificateId}`);
    expect(uses).toEqual([{ order_id: winner.orderId }]);
  });
});

const judge = async (sale: OfflineSale) => {
  await arrive(bench, sale);
  const code = { moment: { timeSeconds: 0, counter: 1 }, paymentCapYuan: 50, windowCapYuan: 100 };
  return await bench.deps.db.transaction(async (tx) =>
    capsGoneOver(tx, (await lockSettlement(tx, sale))!, code),
  );
};
const applied = (till: TillIdentity, seq: number, version: number) =>
  bench.deps.db.execute(sql`
    insert into journal_entry (operator_id, terminal_id, epoch, seq, hlc, wall_ms, type, body, hash)
    values (${till.operatorId}, ${till.terminalId}, ${testEpoch}, ${seq}, '', 0, 'caps.applied',
            ${JSON.stringify({ capsVersion: version })}, '')`);
const entry = (seq: number) => ({ entry: { epoch: testEpoch, seq } });

describe('the caps in force when a sale was taken', () => {
  it('are those that the till had: an older edition, not a newer one; never one that it had replaced', async () => {
    const bearer = newBearer(bench);
    const sale = (change: Partial<OfflineSale>) =>
      saleAt(bench, first, { ...newBearer(bench), amountFen: fen(4_500), ...change });
    const [old] = await settle(
      saleAt(bench, second, { ...bearer, amountFen: fen(4_500), capsVersion: 3 }),
    );
    expect(old).toMatchObject({ state: 'settled', overCaps: undefined });
    expect(await judge(sale({ capsVersion: 99 }))).toBe('offline-caps-unknown');
    await applied(first, 5, 3);
    await applied(first, 9, 4);
    expect(await judge(sale({ capsVersion: 3, ...entry(8), amountFen: fen(1) }))).toBeUndefined();
    expect(await judge(sale({ capsVersion: 3, ...entry(10), amountFen: fen(1) }))).toBe(
      'offline-caps-outdated',
    );
  });

  it('an edition that was signed is kept, and is what counts', async () => {
    const { operatorId } = bench.till;
    const caps = { version: 77, perPaymentFen: 10, perMemberFen: 10, perMemberCount: 1 };
    await bench.deps.db.execute(sql`
      insert into offline_caps_edition values (${operatorId}, 77,
        ${JSON.stringify({ ...caps, shopUnsyncedFen: 10, windowMs: 1 })}::jsonb, ${bench.clock.nowMs()})`);
    const sale = saleAt(bench, first, { ...newBearer(bench), capsVersion: 77, amountFen: fen(11) });
    expect(await judge(sale)).toBe('offline-payment-limit');
  });

  it('a till that was away for longer than a day, by what the cloud heard of it', async () => {
    const nowMs = bench.clock.nowMs();
    const hourMs = 3_600_000;
    const heard = (atMs: number) => keepContact(bench.deps.db, { ...first, nowMs: atMs });
    await heard(nowMs - 30 * hourMs);
    await heard(nowMs - 30 * hourMs + 60_000);
    const at = (hoursAgo: number) =>
      saleAt(bench, first, { ...newBearer(bench), acceptedAtMs: nowMs - hoursAgo * hourMs });
    expect(await judge(at(7))).toBeUndefined();
    expect(await judge(at(5))).toBe('offline-window-closed');
    // A sale of before anything was heard proves nothing.
    expect(await judge(at(40))).toBeUndefined();
    await heard(nowMs - 6 * hourMs);
    expect(await judge(at(5))).toBeUndefined();
  });

  it('one row for the time that a till is in touch, another after an outage', async () => {
    for (const atMs of [1_000, 31_000, 61_000, 500_000, 530_000])
      await keepContact(bench.deps.db, { ...second, nowMs: atMs });
    const { rows } = await bench.deps.db.execute(sql`
      select from_ms, until_ms from terminal_contact where terminal_id = ${second.terminalId}
       order by from_ms`);
    expect(rows).toEqual([
      { from_ms: 1_000, until_ms: 61_000 },
      { from_ms: 500_000, until_ms: 530_000 },
    ]);
  });
});

describe('random sales, judged again', () => {
  interface Sold {
    readonly member: number;
    readonly amountFen: number;
    /** Everything before reached the cloud and was settled. */
    readonly isSyncedBefore: boolean;
  }
  const sold: fc.Arbitrary<Sold> = fc.record({
    member: fc.nat(2),
    amountFen: fc.integer({ min: 500, max: 5_500 }),
    isSyncedBefore: fc.integer({ min: 0, max: 7 }).map((draw) => draw === 0),
  });
  const limits = { perPaymentFen: 5_000, perMemberFen: 10_000, perMemberCount: 3, shopFen: 50_000 };

  it('the cloud finds exactly those that went over a cap', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sold, { minLength: 1, maxLength: 14 }), async (plan) => {
        shopNo += 1;
        const till = await provisionTill(bench.cloud, `19000${shopNo}`);
        const phones = [0, 1, 2].map(() => newPhone(bench));
        let open: Sold[] = [];
        let unsynced: Sold[] = [];
        const sales: { sale: OfflineSale; isOver: boolean }[] = [];
        for (const [index, next] of plan.entries()) {
          bench.clock.advance(60_000);
          if (next.isSyncedBefore) {
            for (const { sale } of sales) await arrive(bench, sale);
            await bench.runUntilQuiet();
            bench.clock.advance(60_000);
            unsynced = [];
            // What was not settled stays with the member: here what is above the code's own cap.
            open = open.filter(({ amountFen }) => amountFen > limits.perPaymentFen);
          }
          const mine = open.filter(({ member }) => member === next.member);
          const sum = (some: readonly Sold[]) => some.reduce((all, one) => all + one.amountFen, 0);
          const isOver =
            next.amountFen > limits.perPaymentFen ||
            sum(mine) + next.amountFen > limits.perMemberFen ||
            mine.length >= limits.perMemberCount ||
            sum(unsynced) + next.amountFen > limits.shopFen;
          open.push(next);
          unsynced.push(next);
          const sale = saleAt(bench, till, {
            ...shownBy(phones[next.member]!, index + 1),
            amountFen: fen(next.amountFen),
            entry: { epoch: testEpoch, seq: index + 1 },
          });
          sales.push({ sale, isOver });
        }
        bench.clock.advance(60_000);
        for (const { sale } of sales) await arrive(bench, sale);
        await bench.runUntilQuiet();
        for (const { sale, isOver } of sales) {
          const { overCaps, state } = await rowOf(sale);
          expect([sale.amountFen, overCaps !== undefined]).toEqual([sale.amountFen, isOver]);
          // Above the code's own cap nobody is debited; above the shop's caps he is.
          expect(state).toBe(sale.amountFen > 5_000 ? 'debit-failed' : 'settled');
        }
      }),
      { numRuns: 12, seed: 20_261_122, endOnFailure: true },
    );
  }, 60_000);
});
