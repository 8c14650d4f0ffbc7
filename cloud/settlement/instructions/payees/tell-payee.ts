import { sql } from 'drizzle-orm';
import type { Payee, PayeeVault } from '#cloud/commissions/payee-vault.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import type { DecisionHow } from '#cloud/settlement/instructions/decision-rules.ts';
import {
  keyIs,
  lockInstruction,
  type InstructionKey,
  type KeptInstruction,
} from '#cloud/settlement/instructions/instruction-store.ts';
import {
  address,
  addressOf,
  goesToPayee,
} from '#cloud/settlement/instructions/payees/shop-payees.ts';
import { amountToday, replaceUnsent } from '#cloud/settlement/instructions/replace-unsent.ts';
import type { PersonId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/**
 * Why nobody can be paid. `payout-payee-missing`: the shop has no account here. `payout-payee-changed`:
 * it has another one by now, and an instruction never goes to another one than it was made for.
 */
export type PayeeRefusal = 'payout-payee-missing' | 'payout-payee-changed';
export type TellError =
  | PayeeRefusal
  | 'instruction-unknown'
  | 'payee-unreadable'
  /** Refunds took a part since: the new amount stands in the list, under a new number. */
  | 'amount-changed';

/**
 * Tells a person who pays by hand the whole account, and writes down that he was told. Only of what
 * waits for people, and only while its amount is what is due: he pays what the list shows.
 */
export async function tellPayee(
  db: Db,
  vault: PayeeVault,
  asked: InstructionKey & { readonly by: PersonId; readonly nowMs: number },
): Promise<Result<Payee & { readonly payeeNo: number }, TellError>> {
  return await retriedTransaction(db, async (tx) => {
    const now = await lockInstruction(tx, asked);
    if (now === undefined || now.state !== 'ready' || !goesToPayee(now))
      return err('instruction-unknown');
    const wantedFen = await amountToday(tx, now);
    if (wantedFen !== now.amountFen) {
      await replaceUnsent(tx, now, { wantedFen, nowMs: asked.nowMs });
      return err('amount-changed');
    }
    // Made when the shop had no account, and in the same moment as its first one.
    await address(tx, keyIs(asked), asked);
    const to = await addressOf(tx, asked);
    if (to === undefined) return err('payout-payee-missing');
    if (to.payeeNo !== to.newestNo) return err('payout-payee-changed');
    const opened = vault.open(to.sealed, to.merchantId);
    if (!opened.ok) return err('payee-unreadable');
    await tx.execute(sql`
      insert into payee_look (operator_id, instruction_no, merchant_id, payee_no, person_id,
        looked_at_ms)
      values (${asked.operatorId}, ${asked.instructionNo}, ${to.merchantId}, ${to.payeeNo},
        ${asked.by}, ${asked.nowMs})
      on conflict do nothing`);
    return ok({ payeeNo: to.payeeNo, ...opened.value });
  });
}

/**
 * Nobody says of a payout that it was paid where no account was known. One that had been given up
 * is taken up under a new number when the shop's account is another one by now: what was paid to
 * the old one after all is said of the old one before.
 */
export async function payeeRefusal(
  tx: Tx,
  now: KeptInstruction,
  how: DecisionHow,
): Promise<PayeeRefusal | undefined> {
  if (how !== 'moved' || !goesToPayee(now)) return undefined;
  const to = await addressOf(tx, now);
  if (to === undefined) return 'payout-payee-missing';
  return now.state === 'failed' && to.payeeNo !== to.newestNo ? 'payout-payee-changed' : undefined;
}
