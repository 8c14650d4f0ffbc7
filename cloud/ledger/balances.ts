import { sql } from 'drizzle-orm';
import { chart, naturalFen, type AccountName, type AccountNature } from '#cloud/ledger/posting.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';

export interface AccountBalance {
  readonly account: AccountName;
  readonly nature: AccountNature;
  /** Positive when the account stands as its nature says: money owed, or money held. */
  readonly balanceFen: Fen;
}

/** All accounts of the chart in its order, of one merchant's book or over all books of the operator; 0 when unused. */
export async function readBalances(
  db: Db | Tx,
  query: { readonly operatorId: OperatorId; readonly merchantId?: MerchantId | undefined },
): Promise<readonly AccountBalance[]> {
  const { operatorId, merchantId } = query;
  const book = merchantId === undefined ? sql`` : sql`AND book = ${merchantId}`;
  const { rows } = await db.execute<{ account: string; fen: number }>(sql`
    SELECT account, sum(balance_fen) AS fen FROM ledger_balance
    WHERE operator_id = ${operatorId} ${book} GROUP BY account`);
  const stored = new Map(rows.map((row) => [row.account, fen(row.fen)]));
  return Object.entries(chart).map(([name, rule]) => {
    const account = name as AccountName;
    const balanceFen = naturalFen(account, stored.get(account) ?? fen(0));
    return { account, nature: rule.nature, balanceFen };
  });
}
