import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';

/** Messages that a member's page shows. */
export const messagesShownMax = 30;
/** How long a message is shown, days. */
export const messageDays = 60;

export type MemberMessage =
  | {
      readonly kind: 'next-visit' | 'expiry';
      readonly onDay: string;
      /** What the voucher was worth when this was written, fen. */
      readonly amountFen: number;
      readonly expiresOn: string;
    }
  | {
      readonly kind: 'shop';
      readonly onDay: string;
      readonly shopName: string;
      readonly text: string;
    }
  | { readonly kind: 'frozen' | 'thawed'; readonly onDay: string };

interface Row extends Record<string, unknown> {
  readonly kind: MemberMessage['kind'];
  readonly on_day: string;
  readonly amount_fen: number | null;
  readonly expires_on: string | null;
  readonly shop_name: string | null;
  readonly shop_text: string | null;
}

/** The newest first. One about a voucher that ended is not shown any more. */
export async function readMessages(
  db: Db | Tx,
  query: { readonly operatorId: OperatorId; readonly memberId: MemberId; readonly today: string },
): Promise<MemberMessage[]> {
  const { rows } = await db.execute<Row>(sql`
    select kind, on_day::text as on_day, amount_fen, expires_on::text as expires_on, shop_name,
           shop_text
      from member_message
     where operator_id = ${query.operatorId} and member_id = ${query.memberId}
       and on_day > ${query.today}::date - ${messageDays}::integer
       and (expires_on is null or expires_on >= ${query.today}::date)
     order by at_ms desc, kind, ref limit ${messagesShownMax}`);
  return rows.map(toMessage);
}

function toMessage(row: Row): MemberMessage {
  if (row.kind === 'frozen' || row.kind === 'thawed') return { kind: row.kind, onDay: row.on_day };
  return row.kind === 'shop'
    ? { kind: 'shop', onDay: row.on_day, shopName: row.shop_name ?? '', text: row.shop_text ?? '' }
    : {
        kind: row.kind,
        onDay: row.on_day,
        amountFen: row.amount_fen ?? 0,
        expiresOn: row.expires_on ?? row.on_day,
      };
}
