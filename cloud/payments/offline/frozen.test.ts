import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepContact } from '#cloud/identity/terminal-contact.ts';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { readBalances } from '#cloud/ledger/balances.ts';
import { freezeMember } from '#cloud/members/member-freeze.ts';
import { lockSettlement } from '#cloud/payments/offline/store.ts';
import type { OfflineSale } from '#cloud/payments/offline/sale.ts';
import { paymentLaws } from '#cloud/payments/payment-laws.ts';
import { arrive, newPhone, saleAt, type Phone } from '#cloud/payments/testing/offline-sales.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { plantVoucher, voucherOf } from '#cloud/payments/testing/plant-voucher.ts';
import type { PersonId } from '#shared/ids/ids.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { getOrThrow } from '#shared/result/result.ts';

/**
 * Offline sales whose vouchers may not be used when they reach the cloud: the sale stands, and
 * nobody pays in silence.
 */
let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());

let phones = 0;
/** A member with vouchers, and his phone with a certificate that the cloud knows. */
async function newCustomer(voucherFen: number): Promise<Phone> {
  const phone = newPhone(bench);
  const { operatorId } = bench.till;
  phones += 1;
  await bench.deps.db.execute(sql`
    insert into member (operator_id, member_id, phone_hash, phone_mask, phone_cipher, created_at_ms)
    values (${operatorId}, ${phone.memberId}, ${String(phones).repeat(64)}, '138****0001', 'x', 0)`);
  await bench.deps.db.execute(sql`
    insert into member_certificate (operator_id, certificate_id, member_id, key_id, issued_at_ms, not_after_ms)
    values (${operatorId}, ${phone.certificateId}, ${phone.memberId}, 1, 0, ${bench.clock.nowMs() + 86_400_000})`);
  await plantVoucher(bench, { memberId: phone.memberId, amountFen: voucherFen });
  return phone;
}

const freeze = async ({ memberId }: Phone) => {
  bench.clock.advance(1_000);
  const by = 'prs_00000000000000000000000001' as PersonId;
  const why = '本人来电：手机被盗，先冻结';
  const held = { operatorId: bench.till.operatorId, memberId, by, why, nowMs: bench.clock.nowMs() };
  getOrThrow(await bench.deps.db.transaction((tx) => freezeMember(tx, held)));
  bench.clock.advance(1_000);
};
async function settle(sale: OfflineSale) {
  await arrive(bench, sale);
  await bench.runUntilQuiet();
  return (await bench.deps.db.transaction((tx) => lockSettlement(tx, sale)))!;
}
const saleOf = (phone: Phone, counter: number) =>
  saleAt(bench, bench.till, { ...phone, code: phone.show(counter) });
const natural = async (account: string) =>
  (await readBalances(bench.deps.db, { operatorId: bench.till.operatorId })).find(
    (one) => one.account === account,
  )?.balanceFen ?? 0;

describe('a code that was shown before its member was frozen', () => {
  it('pays for the goods, from the wallet alone: the vouchers stay his and wait', async () => {
    const phone = await newCustomer(1_500);
    const sale = saleOf(phone, 1);
    await freeze(phone);
    expect(await settle(sale)).toMatchObject({
      state: 'settled',
      voucherFen: 0,
      voucherRefused: 'member-frozen',
    });
    expect(await voucherOf(bench, phone.memberId)).toEqual({ left: 1_500, held: 0, spent: 0 });
    const { rows } = await bench.deps.db.execute(
      sql`select voucher_fen, net_fen from settlement_line where order_id = ${sale.orderId}`,
    );
    expect(rows).toEqual([{ voucher_fen: 0, net_fen: 2_000 }]);
  });

  it('and whose debit fails: he owes it, the shop has it, and the platform loses nothing of its own', async () => {
    const phone = await newCustomer(1_500);
    bench.simulator.setRules({ withholdFailEndings: [phone.memberId.slice(-6)] });
    const sale = saleOf(phone, 1);
    await freeze(phone);
    const [owed, lost] = [await natural('member_receivable'), await natural('guarantee_loss')];
    expect(await settle(sale)).toMatchObject({
      state: 'debit-failed',
      bearer: 'member',
      coveredFen: 2_000,
      voucherRefused: 'member-frozen',
    });
    expect(await natural('member_receivable')).toBe(owed + 2_000);
    expect(await natural('guarantee_loss')).toBe(lost);
  });

  it('and was taken by a till that could know of the freeze: the shop bears a debit that fails', async () => {
    const phone = await newCustomer(1_500);
    bench.simulator.setRules({ withholdFailEndings: [phone.memberId.slice(-6)] });
    const code = phone.show(1);
    await freeze(phone);
    const sale = saleAt(bench, bench.till, { ...phone, code });
    await keepContact(bench.deps.db, { ...bench.till, nowMs: bench.clock.nowMs() });
    expect(await settle(sale)).toMatchObject({ bearer: 'merchant', coveredFen: 0 });
  });
});

it('a shop whose vouchers wait for people takes none offline either: the whole is debited', async () => {
  const phone = await newCustomer(700);
  const { operatorId, merchantId } = bench.till;
  const month = accountingDate(bench.clock.nowMs()).slice(0, 7);
  await bench.deps.db.execute(sql`
    insert into voucher_review (operator_id, merchant_id, month, amount_fen, voucher_fen, held_at_ms)
    values (${operatorId}, ${merchantId}, ${month}, 1, 1, 1)`);
  expect(await settle(saleOf(phone, 1))).toMatchObject({
    state: 'settled',
    voucherRefused: 'voucher-shop-in-review',
  });
  expect(await voucherOf(bench, phone.memberId)).toEqual({ left: 700, held: 0, spent: 0 });
  const laws = [...ledgerLaws, ...paymentLaws];
  const proofs = await proveLaws(bench.deps.db, { operatorId, laws });
  expect(proofs.filter(({ holds }) => !holds)).toEqual([]);
});
