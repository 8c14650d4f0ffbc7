import { sql } from 'drizzle-orm';
import type { Db } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** Sent and without a definite answer for longer than this: people look, while it goes on being asked for. */
export const openTooLongMs = 3_600_000;
/** So long before a channel gives a frozen reserve away by itself, whoever has not settled it is told. */
export const freezeAlarmMs = 14 * 86_400_000;
export const instructionsListedMax = 200;

export interface ListedInstruction extends Record<string, unknown> {
  readonly instructionNo: string;
  readonly merchantId: string | null;
  readonly orderId: string | null;
  readonly kind: string;
  readonly channel: string;
  readonly amountFen: number;
  readonly state: string;
  readonly code: string | null;
  readonly createdAtMs: number;
  /** To whom people pay it; null when nobody is known, or no person pays it. */
  readonly payee: AddressedPayee | null;
  /** Why people should look; null when they need not. */
  readonly exception: 'by-hand' | 'failed' | 'open-too-long' | 'freeze-lapses' | 'blocked' | null;
}

/** Where it goes, as lists show it. */
export interface AddressedPayee {
  readonly payeeNo: number;
  readonly name: string;
  readonly bank: string;
  readonly lastFour: string;
  /** The shop has a newer account: this one is paid no more (payees/tell-payee.ts). */
  readonly isChanged: boolean;
}

/** Instructions of a state, or all that people should look at, the oldest first. */
export async function listInstructions(
  db: Db,
  query: {
    readonly operatorId: OperatorId;
    readonly state: 'ready' | 'open' | 'done' | 'failed' | 'cancelled' | 'exceptions';
    readonly nowMs: number;
    /** The last one of the page before: when it was made, and its number. */
    readonly afterMs?: number | undefined;
    readonly afterNo?: string | undefined;
  },
): Promise<readonly ListedInstruction[]> {
  const { operatorId, state, nowMs } = query;
  const { rows } = await db.execute<ListedInstruction>(sql`
    select instruction_no as "instructionNo", merchant_id as "merchantId", order_id as "orderId",
           kind, channel, amount_fen as "amountFen", state, code, created_at_ms as "createdAtMs",
           exception, (select jsonb_build_object('payeeNo', p.payee_no, 'name', p.name_shown,
             'bank', p.bank, 'lastFour', p.last_four, 'isChanged', exists (
               select from shop_payee n where n.operator_id = p.operator_id
                  and n.merchant_id = p.merchant_id and n.payee_no > p.payee_no))
               from payout_payee a join shop_payee p using (operator_id, merchant_id, payee_no)
              where a.operator_id = e.operator_id and a.instruction_no = e.instruction_no) as payee
      from (select i.*, case
          when state = 'ready' and by_hand then 'by-hand'
          when state = 'failed' and replaced_by is null then 'failed'
          when state in ('ready', 'open') and freeze_lapses_at_ms - ${freezeAlarmMs} < ${nowMs}
            then 'freeze-lapses'
          when state = 'open' and sent_at_ms + ${openTooLongMs} < ${nowMs} then 'open-too-long'
          when state = 'ready' and next_at_ms + ${openTooLongMs} < ${nowMs} then 'blocked'
        end as exception from channel_instruction i where operator_id = ${operatorId}) e
     where (created_at_ms > ${query.afterMs ?? -1}
         or (created_at_ms = ${query.afterMs ?? -1} and instruction_no > ${query.afterNo ?? null}))
       and (case when ${state} = 'exceptions' then exception is not null else state = ${state} end)
     order by created_at_ms, instruction_no limit ${instructionsListedMax}`);
  return rows;
}
