import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { giveBack, lockWallet, pinnedUntilMs } from '#cloud/vouchers/reservations.ts';
import type { WalletOwner } from '#cloud/vouchers/wallet.ts';

/**
 * Ends the time of all that a member has set aside for orders whose money is not on the way yet: it
 * is in his wallet again, whole, in the transaction that holds his account. Lapsed and not
 * released: a sale that a till had made by then, and that its journal tells of later, spends the
 * same vouchers; released, they would have been given for goods and be his as well. The wallet is
 * locked first, as everywhere: a charge that begins at this moment is either seen here as on its
 * way, or finds its vouchers gone. Answers how many.
 */
export async function lapseReservationsOf(
  tx: Tx,
  { operatorId, memberId }: Pick<WalletOwner, 'operatorId' | 'memberId'>,
): Promise<number> {
  await lockWallet(tx, { operatorId, memberId });
  const unpinned = sql`member_id = ${memberId} and expires_at_ms <> ${pinnedUntilMs}`;
  return await giveBack(tx, operatorId, unpinned, 'lapsed');
}
