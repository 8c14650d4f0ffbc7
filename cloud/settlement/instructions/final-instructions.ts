import { sql } from 'drizzle-orm';
import type { Journal } from '#cloud/ledger/posting.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { LineDecision } from '#cloud/settlement/finality-plan.ts';
import { planFinalShares, type FrozenLine } from '#cloud/settlement/instructions/final-plan.ts';
import {
  orderInstructionNo,
  type InstructionKind,
  type NewInstruction,
} from '#cloud/settlement/instructions/instruction.ts';
import { makeInstructions } from '#cloud/settlement/instructions/instruction-store.ts';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import {
  fen,
  minFen,
  negateFen,
  subtractFen,
  sumFen,
  zeroFen,
  type Fen,
} from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';

interface Run {
  readonly operatorId: OperatorId;
  readonly run: number;
  readonly asOfMs: number;
  readonly decisions: readonly LineDecision[];
}

interface Row extends Record<string, unknown> {
  merchant_id: MerchantId;
  order_id: OrderId;
  channel: string;
  channel_merchant_no: string;
  out_trade_no: string;
  channel_ref: string;
  paid_at_ms: number;
  platform_account: string;
  platform_name: string;
  frozen_max_ms: number;
  others_max_bp: number;
  net_fen: number;
  frozen_fen: number;
  concession_fen: number;
}

/**
 * What channels are told about the orders that a finality run made final: the concession to the
 * platform, then the rest of the reserve to the merchant. The finality journals book the concession
 * as if it had left the channel; here it is booked as lying there still, due to the platform, until
 * the channel has split it. Answers the journals, to be posted with those of the run. Orders that
 * no channel holds frozen: nothing.
 */
export async function instructFinality(tx: Tx, run: Run): Promise<readonly Journal[]> {
  const rows = await frozenLines(tx, run);
  if (rows.length === 0) return [];
  const rowOf = new Map(rows.map((row) => [row.order_id, row]));
  const merchants = [...new Set(rows.map((row) => row.merchant_id))];
  const shortOf = await shortfalls(tx, run.operatorId, merchants);
  const journals: Journal[] = [];
  const wanted: NewInstruction[] = [];
  for (const merchantId of merchants) {
    const own = rows.filter((row) => row.merchant_id === merchantId);
    const freshFen = concessionAtChannel(own, collectedOf(run.decisions, merchantId));
    if (freshFen > 0) journals.push(dueJournal(run, merchantId, freshFen));
    const dueFen = sumFen([freshFen, shortOf(merchantId)]);
    for (const share of planFinalShares(own.map(toLine), dueFen).shares) {
      const row = rowOf.get(share.line.orderId);
      if (row === undefined) continue;
      if (share.concessionFen > 0) wanted.push(concessionTo(run, row, share.concessionFen));
      if (share.releaseFen > 0) wanted.push(releaseTo(run, row, share.releaseFen));
    }
  }
  const holds = await makeInstructions(tx, wanted, run.asOfMs);
  return [...journals, ...holds];
}

/** Concession of cash sales that this run collected from the merchant's reserves. */
const collectedOf = (decisions: readonly LineDecision[], merchantId: MerchantId): Fen =>
  sumFen(
    decisions
      .filter(({ line }) => line.merchantId === merchantId && line.source !== 'channel')
      .map(({ line, collectedFen }) => subtractFen(collectedFen, line.collectedFen)),
  );

/** Of what the run collected, at most what these orders hold besides their own concession lies at the channel. */
function concessionAtChannel(rows: readonly Row[], collectedFen: Fen): Fen {
  const ownFen = sumFen(rows.map((row) => fen(row.concession_fen)));
  const besideFen = sumFen(
    rows.map((row) => fen(Math.max(0, row.frozen_fen - row.concession_fen))),
  );
  return sumFen([ownFen, minFen(collectedFen, besideFen)]);
}

const dueJournal = (run: Run, merchantId: MerchantId, amountFen: Fen): Journal => ({
  operatorId: run.operatorId,
  merchantId,
  idemKey: `concession-due:${run.run}`,
  kind: 'concession-due',
  eventAtMs: run.asOfMs,
  legs: [
    { account: 'channel_clearing', amountFen: negateFen(amountFen) },
    { account: 'concession_due', amountFen },
  ],
});

const toLine = (row: Row): FrozenLine => ({
  merchantId: row.merchant_id,
  orderId: row.order_id,
  frozenFen: row.frozen_fen,
  orderFen: fen(row.net_fen),
  othersMaxBp: basisPoints(row.others_max_bp),
  concessionFen: fen(row.concession_fen),
});

const common = (run: Run, row: Row, kind: InstructionKind) => ({
  operatorId: run.operatorId,
  kind,
  instructionNo: orderInstructionNo(kind, { outTradeNo: row.out_trade_no, tries: 1 }),
  channel: row.channel,
  order: {
    merchantId: row.merchant_id,
    orderId: row.order_id,
    channelMerchantNo: row.channel_merchant_no,
    outTradeNo: row.out_trade_no,
    channelRef: row.channel_ref,
  },
  notBeforeMs: run.asOfMs,
  freezeLapsesAtMs: row.paid_at_ms + row.frozen_max_ms,
});

const concessionTo = (run: Run, row: Row, amountFen: Fen): NewInstruction => ({
  ...common(run, row, 'concession'),
  amountFen,
  payee: row.platform_account,
  payeeName: row.platform_name,
});

const releaseTo = (run: Run, row: Row, amountFen: Fen): NewInstruction => ({
  ...common(run, row, 'release'),
  amountFen,
  payee: row.channel_merchant_no,
});

/** Of the run's final lines those whose money a channel holds for splits, oldest first, and what is frozen of each. */
async function frozenLines(tx: Tx, run: Run): Promise<readonly Row[]> {
  const orders = run.decisions
    .filter(({ line, final }) => line.source === 'channel' && final !== undefined)
    .map(({ line }) => ({ merchant_id: line.merchantId, order_id: line.orderId }));
  if (orders.length === 0) return [];
  const { rows } = await tx.execute<Row>(sql`
    select l.merchant_id, l.order_id, a.channel, a.channel_merchant_no, a.out_trade_no,
           a.channel_ref, a.paid_at_ms, c.platform_account, c.platform_name, c.frozen_max_ms,
           c.others_max_bp, l.net_fen,
           l.net_fen - l.refunded_net_fen - coalesce((
             select sum(case i.kind when 'same-day' then i.amount_fen else -i.amount_fen end)
               from channel_instruction i
              where i.operator_id = l.operator_id and i.order_id = l.order_id
                and (i.kind = 'same-day' and i.state <> 'cancelled' and i.replaced_by is null
                  or i.kind = 'split-return' and i.state = 'done')
           ), 0)::bigint as frozen_fen,
           l.concession_fen - l.returned_concession_fen as concession_fen
      from jsonb_to_recordset(${JSON.stringify(orders)}::jsonb) as k(merchant_id text, order_id text)
      join settlement_line l on l.operator_id = ${run.operatorId}
       and l.merchant_id = k.merchant_id and l.order_id = k.order_id
      join payment_attempt a on a.operator_id = l.operator_id and a.order_id = l.order_id
       and a.status = 'paid'
      join channel_settlement c on c.operator_id = a.operator_id and c.channel = a.channel and c.splits
     order by l.due_at_ms, l.merchant_id, l.order_id`);
  return rows;
}

/** What the platform is due of earlier final orders and no instruction, open or failed, stands for. */
async function shortfalls(
  tx: Tx,
  operatorId: OperatorId,
  merchants: readonly MerchantId[],
): Promise<(merchantId: MerchantId) => Fen> {
  const { rows } = await tx.execute<{ merchant_id: MerchantId; fen: number }>(sql`
    select b.book as merchant_id, greatest(0, sum(b.balance_fen) - coalesce((
        select sum(i.amount_fen) from channel_instruction i
         where i.operator_id = ${operatorId} and i.merchant_id = b.book and i.kind = 'concession'
           and i.state = 'failed' and i.replaced_by is null), 0))::bigint as fen
      from ledger_balance b
     where b.operator_id = ${operatorId} and b.account = 'concession_due'
       and b.book = any(${sql.param([...merchants])}::text[])
     group by b.book`);
  const found = new Map(rows.map((row) => [row.merchant_id, fen(row.fen)]));
  return (merchantId) => found.get(merchantId) ?? zeroFen;
}
