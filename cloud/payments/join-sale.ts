import { saveMember } from '#cloud/payments/attempt-store.ts';
import type { Attempt } from '#cloud/payments/attempt.ts';
import type { Ended } from '#cloud/payments/booking/book-attempt.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { joinPayer } from '#cloud/relations/payer-links.ts';

/** The attempt with the member whose wallet paid it, before it is booked: nobody typed anything. */
export async function joined(tx: Tx, { attempt, nowMs, payerHash }: Ended): Promise<Attempt> {
  if (payerHash === undefined) return attempt;
  const memberId = await joinPayer(tx, { ...attempt, payerHash, nowMs });
  if (memberId === undefined || memberId === attempt.memberId) return attempt;
  await saveMember(tx, attempt, memberId);
  return { ...attempt, memberId };
}
