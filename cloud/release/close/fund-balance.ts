import { sql } from 'drizzle-orm';
import type { AccountName } from '#cloud/ledger/posting.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';

const fundAccount: AccountName = 'fund_free';

/** F: final concession in the operator's book that may become vouchers. */
export async function fundFreeFen(db: Db | Tx, operatorId: OperatorId): Promise<Fen> {
  const { rows } = await db.execute<{ fen: number }>(sql`
    select coalesce(sum(balance_fen), 0) as fen from ledger_balance
     where operator_id = ${operatorId} and book = '' and account = ${fundAccount}`);
  return fen(rows[0]!.fen);
}
