import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { MemberId, OperatorId, VoucherId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';

export interface VoucherView {
  readonly voucherId: VoucherId;
  readonly leftFen: Fen;
  /** Last day of use. */
  readonly expiresOn: string;
}

export interface Wallet {
  /** In the order of use, at most {@link walletVouchersMax}. */
  readonly vouchers: readonly VoucherView[];
  /** Sum of all that may be used, also of those not listed. */
  readonly totalFen: Fen;
}

export const walletVouchersMax = 50;

export interface WalletOwner {
  readonly operatorId: OperatorId;
  readonly memberId: MemberId;
  /** Accounting date; a voucher is valid on its last day. */
  readonly today: string;
}

/** What a member may spend today; what is set aside for an order under way is not in it. */
export async function readWallet(db: Db | Tx, owner: WalletOwner): Promise<Wallet> {
  const { rows } = await db.execute<{
    voucher_id: VoucherId;
    left_fen: number;
    expires_on: string;
    total: number;
  }>(sql`
    select voucher_id, left_fen, expires_on::text as expires_on, sum(left_fen) over () as total
      from voucher
     where operator_id = ${owner.operatorId} and member_id = ${owner.memberId}
       and left_fen > 0 and expires_on >= ${owner.today}::date
     order by expires_on, voucher_id collate "C" limit ${walletVouchersMax}`);
  return {
    vouchers: rows.map((row) => ({
      voucherId: row.voucher_id,
      leftFen: fen(row.left_fen),
      expiresOn: row.expires_on,
    })),
    totalFen: fen(rows[0]?.total ?? 0),
  };
}
