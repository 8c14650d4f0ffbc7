import { sql } from 'drizzle-orm';
import { newId, type MemberId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import type { PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { fundWith } from '#cloud/points/testing/points-fixtures.ts';

/** Gives a member a voucher that is backed in the books, as a release makes it. */
export async function plantVoucher(
  bench: PaymentBench,
  voucher: { readonly memberId: MemberId; readonly amountFen: number },
): Promise<void> {
  const { memberId, amountFen } = voucher;
  const { operatorId } = bench.till;
  const voucherId = newId('vch', bench.cloud.deps);
  await bench.deps.db.transaction(async (tx) => {
    await fundWith(tx, operatorId, { key: `fund ${voucherId}`, amountFen });
    const legs = [
      { account: 'fund_free', amountFen: fen(-amountFen) },
      { account: 'voucher_outstanding', amountFen: fen(amountFen) },
    ] as const;
    const release = { operatorId, merchantId: null, kind: 'release', eventAtMs: 0, legs };
    getOrThrow(await postJournals(tx, [{ ...release, idemKey: `release ${voucherId}` }]));
    await tx.execute(sql`
      insert into voucher (operator_id, voucher_id, member_id, period, day, face_fen, left_fen,
        expires_on)
      values (${operatorId}, ${voucherId}, ${memberId}, '2026-08', '2026-09-01', ${amountFen},
        ${amountFen}, '2027-12-31')`);
    await tx.execute(sql`
      insert into account_points as a (operator_id, member_id, released_fen)
      values (${operatorId}, ${memberId}, ${amountFen})
      on conflict (operator_id, member_id)
      do update set released_fen = a.released_fen + excluded.released_fen`);
  });
}

/** What became of a member's vouchers. */
export async function voucherOf(
  bench: PaymentBench,
  memberId: MemberId,
): Promise<Record<'left' | 'held' | 'spent', number> | undefined> {
  const { rows } = await bench.deps.db.execute<Record<'left' | 'held' | 'spent', number>>(sql`
    select left_fen as left, held_fen as held, spent_fen as spent from voucher
     where member_id = ${memberId}`);
  return rows[0];
}
