import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, OrderId, TerminalId } from '#shared/ids/ids.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import {
  isReviewRules,
  reviewReasons,
  reviewRulesDefault,
  stopsAnything,
  type ReviewReason,
  type ReviewRules,
  type SaleFacts,
} from '#cloud/review/review-rules.ts';

/** A sale as the rules look at it. */
export interface ReviewedSale {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly terminalId: TerminalId;
  readonly orderId: OrderId;
  readonly amountFen: number;
  /** When it was submitted, and the minute of the Shanghai day then. */
  readonly atMs: number;
  readonly minute: number;
  readonly payerHash: string | undefined;
  readonly network: string | undefined;
}

const weekDays = 7;

/** The operator's rules, or the defaults. Rules of an older shape that no longer fit count as none. */
export async function readReviewRules(db: Db | Tx, operatorId: OperatorId): Promise<ReviewRules> {
  const { rows } = await db.execute<{ rules: unknown }>(
    sql`select rules from review_rules where operator_id = ${operatorId}`,
  );
  const rules = rows[0]?.rules;
  return isReviewRules(rules) ? rules : reviewRulesDefault;
}

export async function saveReviewRules(
  db: Db,
  change: {
    readonly operatorId: OperatorId;
    readonly rules: ReviewRules;
    readonly by: string;
    readonly nowMs: number;
  },
): Promise<void> {
  await db.execute(sql`
    insert into review_rules (operator_id, rules, changed_by, changed_at_ms)
    values (${change.operatorId}, ${JSON.stringify(change.rules)}, ${change.by}, ${change.nowMs})
    on conflict (operator_id) do update set rules = excluded.rules,
      changed_by = excluded.changed_by, changed_at_ms = excluded.changed_at_ms`);
}

/** The rules of an operator that stop this sale before anything is sent; none by default. */
export async function rulesThatStop(tx: Tx, sale: ReviewedSale): Promise<readonly ReviewReason[]> {
  const rules = await readReviewRules(tx, sale.operatorId);
  if (!stopsAnything(rules)) return [];
  return reviewReasons(await countFacts(tx, sale, rules), rules, 'stop');
}

/** Looks at a sale that was just paid, in the transaction that books it: what meets a rule is held from the start. */
export async function reviewPaidSale(tx: Tx, sale: ReviewedSale): Promise<void> {
  const rules = await readReviewRules(tx, sale.operatorId);
  const reasons = reviewReasons(await countFacts(tx, sale, rules), rules, 'hold');
  if (sale.network !== undefined) await noteNetwork(tx, sale, sale.network);
  if (reasons.length === 0) return;
  await tx.execute(sql`
    insert into review_hold (operator_id, merchant_id, order_id, reasons, held_at_ms, state)
    values (${sale.operatorId}, ${sale.merchantId}, ${sale.orderId}, ${JSON.stringify(reasons)},
      ${sale.atMs}, 'held')
    on conflict do nothing`);
}

async function countFacts(tx: Tx, sale: ReviewedSale, rules: ReviewRules): Promise<SaleFacts> {
  const { operatorId, merchantId, terminalId, orderId, amountFen, atMs } = sale;
  const others = sql`operator_id = ${operatorId} and merchant_id = ${merchantId}
    and order_id <> ${orderId} and status = 'paid' and submitted_at_ms <= ${atMs}`;
  const { rows } = await tx.execute<{
    payer: number;
    amount: number;
    sales: number;
    refunds: number;
    here: number;
    home: number;
  }>(sql`
    select (select count(*) from payment_attempt where ${others} and payer_hash = ${sale.payerHash ?? null}
              and submitted_at_ms > ${atMs - rules.samePayer.windowMs}) as payer,
           (select count(*) from payment_attempt where ${others} and terminal_id = ${terminalId}
              and amount_fen = ${amountFen}
              and submitted_at_ms > ${atMs - rules.sameAmount.windowMs}) as amount,
           (select coalesce(sum(used_count), 0) from channel_quota_day
             where operator_id = ${operatorId} and merchant_id = ${merchantId}
               and quota_date > (to_timestamp(${atMs} / 1000.0) at time zone 'Asia/Shanghai')::date
                                - ${weekDays}::integer) as sales,
           (select count(*) from order_refund
             where operator_id = ${operatorId} and merchant_id = ${merchantId}
               and asked_at_ms > ${atMs - weekDays * 86_400_000}) as refunds,
           (select coalesce(sum(sale_count), 0) from terminal_network
             where operator_id = ${operatorId} and terminal_id = ${terminalId}
               and network = ${sale.network ?? null}) as here,
           (select coalesce(max(sale_count), 0) from terminal_network
             where operator_id = ${operatorId} and terminal_id = ${terminalId}) as home`);
  const [row] = rows;
  return {
    amountFen,
    minute: sale.minute,
    samePayerCount: sale.payerHash === undefined ? 0 : (row?.payer ?? 0) + 1,
    sameAmountCount: (row?.amount ?? 0) + 1,
    saleCount: row?.sales ?? 0,
    refundCount: row?.refunds ?? 0,
    // A sale whose network nobody saw has not moved.
    networkSales: sale.network === undefined ? (row?.home ?? 0) : (row?.here ?? 0),
    homeSales: row?.home ?? 0,
  };
}

async function noteNetwork(tx: Tx, sale: ReviewedSale, network: string): Promise<void> {
  await tx.execute(sql`
    insert into terminal_network as n (operator_id, terminal_id, network, sale_count, last_at_ms)
    values (${sale.operatorId}, ${sale.terminalId}, ${network}, 1, ${sale.atMs})
    on conflict (operator_id, terminal_id, network) do update
      set sale_count = n.sale_count + 1, last_at_ms = greatest(n.last_at_ms, excluded.last_at_ms)`);
}

export const reviewHoldsMax = 500;

export interface ReviewHold {
  readonly orderId: OrderId;
  readonly reasons: readonly ReviewReason[];
  readonly heldAtMs: number;
}

/** What waits for people, oldest first. */
export async function listReviewHolds(
  db: Db,
  merchant: { readonly operatorId: OperatorId; readonly merchantId: MerchantId },
): Promise<readonly ReviewHold[]> {
  const { rows } = await db.execute<{
    order_id: OrderId;
    reasons: readonly ReviewReason[];
    held_at_ms: number;
  }>(sql`
    select order_id, reasons, held_at_ms from review_hold
     where operator_id = ${merchant.operatorId} and merchant_id = ${merchant.merchantId}
       and state = 'held' order by held_at_ms limit ${reviewHoldsMax}`);
  return rows.map((row) => ({
    orderId: row.order_id,
    reasons: row.reasons,
    heldAtMs: row.held_at_ms,
  }));
}

/** Somebody looked and let it go: the next run makes it final. False when it is not held. */
export async function releaseReviewHold(
  db: Db,
  release: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly orderId: OrderId;
    readonly by: string;
    readonly note: string;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { rows } = await db.execute(sql`
    update review_hold set state = 'released', released_by = ${release.by},
      released_note = ${release.note}, released_at_ms = ${release.nowMs}
     where operator_id = ${release.operatorId} and merchant_id = ${release.merchantId}
       and order_id = ${release.orderId} and state = 'held'
    returning 1`);
  return rows.length === 1;
}
