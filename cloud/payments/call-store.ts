import { sql } from 'drizzle-orm';
import { assert } from '#shared/result/assert.ts';
import type { CallEvidence } from '#cloud/channel/channel-exchange.ts';
import type { AttemptKey } from '#cloud/payments/attempt.ts';
import { attemptIs } from '#cloud/payments/attempt-row.ts';
import { filled, type Db, type Statement, type Tx } from '#cloud/platform/db.ts';

export type CallKind = 'charge' | 'withhold' | 'query' | 'reverse' | 'refund' | 'query-refund';

/** Opens the record of one call: durable before its first byte leaves. Returns its number. */
export async function recordCall(
  db: Db | Tx,
  key: AttemptKey,
  call: { readonly kind: CallKind; readonly nowMs: number },
): Promise<number> {
  const { rows } = await db.execute<{ call_no: number }>(sql`
    insert into payment_call (operator_id, merchant_id, order_id, attempt, call_no, kind, sent_at_ms)
    select operator_id, merchant_id, order_id, attempt,
           (select coalesce(max(c.call_no), 0) + 1 from payment_call c
             where c.operator_id = a.operator_id and c.order_id = a.order_id and c.attempt = a.attempt),
           ${call.kind}, ${call.nowMs}
      from payment_attempt a where ${attemptIs(key)}
    returning call_no`);
  const [made] = rows;
  assert(made !== undefined, () => `no attempt ${key.attempt} of ${key.orderId} to call for`);
  return made.call_no;
}

export interface AnswerToRecord {
  readonly callNo: number;
  readonly nowMs: number;
  readonly outcome: string;
  readonly evidence: CallEvidence;
}

export const recordAnswer = async (
  tx: Tx,
  key: AttemptKey,
  answer: AnswerToRecord,
): Promise<void> => {
  await tx.execute(filled(answerRecord, answerRecordValues(key, answer)));
};

/** The statement of {@link recordAnswer}. */
export const answerRecord: Statement = {
  name: 'answer-record',
  text: `
    update payment_call set answered_at_ms = $5, outcome = $6, request_digest = $7,
      http_status = $8, raw_answer = $9, signature = $10
    where operator_id = $1 and order_id = $2 and attempt = $3 and call_no = $4`,
};

export const answerRecordValues = (
  key: AttemptKey,
  { callNo, nowMs, outcome, evidence }: AnswerToRecord,
): readonly unknown[] => [
  key.operatorId,
  key.orderId,
  key.attempt,
  callNo,
  nowMs,
  outcome,
  evidence.requestDigest,
  evidence.httpStatus,
  evidence.rawAnswer.replaceAll('\u0000', ''),
  evidence.signature,
];
