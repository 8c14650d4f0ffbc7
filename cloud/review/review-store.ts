import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, OrderId, TerminalId } from '#shared/ids/ids.ts';
import type { Db, Statement, Tx } from '#cloud/platform/db.ts';
import { planned } from '#cloud/platform/planned.ts';
import {
  isReviewRules,
  reviewReasons,
  reviewRulesDefault,
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
  const { rows } = await planned<{ rules: unknown }>(db, rulesOf, [operatorId]);
  return reviewRulesOf(rows[0]?.rules);
}

const rulesOf: Statement = {
  name: 'review-rules-of',
  text: 'select rules from review_rules where operator_id = $1',
};

/** Rules as they were stored, or the defaults. */
export const reviewRulesOf = (stored: unknown): ReviewRules =>
  isReviewRules(stored) ? stored : reviewRulesDefault;

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

/** Those of an operator's `rules` that stop this sale before anything is sent; none by default. */
export async function rulesThatStop(
  tx: Tx,
  sale: ReviewedSale,
  rules: ReviewRules,
): Promise<readonly ReviewReason[]> {
  const [facts] = await countFacts(tx, [{ sale, rules }]);
  return reviewReasons(facts!, rules, 'stop');
}

/**
 * Looks at sales that were just paid, in the transaction that books them: what meets a rule is held from the start. The
 * number of statements grows with the operators among them only.
 */
export async function reviewPaidSales(tx: Tx, sales: readonly ReviewedSale[]): Promise<void> {
  if (sales.length === 0) return;
  const rules = new Map<OperatorId, ReviewRules>();
  for (const operatorId of new Set(sales.map((sale) => sale.operatorId)))
    rules.set(operatorId, await readReviewRules(tx, operatorId));
  const ruled = sales.map((sale) => ({ sale, rules: rules.get(sale.operatorId)! }));
  const facts = await countFacts(tx, ruled);
  await noteNetworks(tx, sales);
  const holds = ruled.flatMap((one, index) => {
    const reasons = reviewReasons(facts[index]!, one.rules, 'hold');
    const { operatorId, merchantId, orderId, atMs } = one.sale;
    return reasons.length === 0 ? [] : [{ operatorId, merchantId, orderId, atMs, reasons }];
  });
  if (holds.length === 0) return;
  await tx.execute(sql`
    insert into review_hold (operator_id, merchant_id, order_id, reasons, held_at_ms, state)
    select h."operatorId", h."merchantId", h."orderId", h.reasons, h."atMs", 'held'
      from jsonb_to_recordset(${JSON.stringify(holds)}::jsonb)
        as h("operatorId" text, "merchantId" text, "orderId" text, reasons jsonb, "atMs" bigint)
     order by 1, 2, 3
    on conflict do nothing`);
}

interface RuledSale {
  readonly sale: ReviewedSale;
  readonly rules: ReviewRules;
}

interface FactsRow extends Record<string, unknown> {
  n: number;
  payer: number;
  amount: number;
  sales: number;
  refunds: number;
  here: number;
  home: number;
}

/** What the rules ask about each sale, in the same order. One statement. */
async function countFacts(tx: Tx, ruled: readonly RuledSale[]): Promise<readonly SaleFacts[]> {
  const asked = ruled.map(({ sale, rules }, n) => ({
    n,
    operator_id: sale.operatorId,
    merchant_id: sale.merchantId,
    terminal_id: sale.terminalId,
    order_id: sale.orderId,
    amount_fen: sale.amountFen,
    at_ms: sale.atMs,
    payer_hash: sale.payerHash ?? null,
    network: sale.network ?? null,
    payer_from_ms: sale.atMs - rules.samePayer.windowMs,
    amount_from_ms: sale.atMs - rules.sameAmount.windowMs,
  }));
  const { rows } = await planned<FactsRow>(tx, factsOfSales, [JSON.stringify(asked)]);
  const found = new Map(rows.map((row) => [row.n, row]));
  return ruled.map(({ sale }, n) => factsOf(sale, found.get(n)));
}

const others = `a.operator_id = s.operator_id and a.merchant_id = s.merchant_id
    and a.order_id <> s.order_id and a.status = 'paid' and a.submitted_at_ms <= s.at_ms`;
const home = 't.operator_id = s.operator_id and t.terminal_id = s.terminal_id';

/** Each count goes by an index of its own (migration 0944): it reads what it counts, and not the shop's hour. */
const factsOfSales: Statement = {
  name: 'review-facts-of-sales',
  text: `
    select s.n,
           case when s.payer_hash is null then 0 else
             (select count(*) from payment_attempt a where ${others} and a.payer_hash = s.payer_hash
                and a.submitted_at_ms > s.payer_from_ms) end as payer,
           (select count(*) from payment_attempt a where ${others}
              and a.terminal_id = s.terminal_id and a.amount_fen = s.amount_fen
              and a.submitted_at_ms > s.amount_from_ms) as amount,
           (select coalesce(sum(q.used_count), 0) from channel_quota_day q
             where q.operator_id = s.operator_id and q.merchant_id = s.merchant_id
               and q.quota_date > (to_timestamp(s.at_ms / 1000.0) at time zone 'Asia/Shanghai')::date
                                - ${weekDays}) as sales,
           (select count(*) from order_refund r
             where r.operator_id = s.operator_id and r.merchant_id = s.merchant_id
               and r.asked_at_ms > s.at_ms - ${weekDays * 86_400_000}) as refunds,
           (select coalesce(sum(t.sale_count), 0) from terminal_network t
             where ${home} and t.network = s.network) as here,
           (select coalesce(max(t.sale_count), 0) from terminal_network t where ${home}) as home
      from jsonb_to_recordset($1::jsonb)
        as s(n integer, operator_id text, merchant_id text, terminal_id text, order_id text,
             amount_fen bigint, at_ms bigint, payer_hash text, network text, payer_from_ms bigint,
             amount_from_ms bigint)`,
};

function factsOf(sale: ReviewedSale, row: FactsRow | undefined): SaleFacts {
  return {
    amountFen: sale.amountFen,
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

/** One statement, and none when nobody saw from where the sales came. */
async function noteNetworks(tx: Tx, sales: readonly ReviewedSale[]): Promise<void> {
  const seen = sales.flatMap(({ operatorId, terminalId, network, atMs }) =>
    network === undefined ? [] : [{ operatorId, terminalId, network, atMs }],
  );
  if (seen.length === 0) return;
  await planned(tx, networksNoted, [JSON.stringify(seen)]);
}

const networksNoted: Statement = {
  name: 'review-networks-noted',
  text: `
    insert into terminal_network as n (operator_id, terminal_id, network, sale_count, last_at_ms)
    select s."operatorId", s."terminalId", s.network, count(*), max(s."atMs")
      from jsonb_to_recordset($1::jsonb)
        as s("operatorId" text, "terminalId" text, network text, "atMs" bigint)
     group by 1, 2, 3 order by 1, 2, 3
    on conflict (operator_id, terminal_id, network) do update
      set sale_count = n.sale_count + excluded.sale_count,
          last_at_ms = greatest(n.last_at_ms, excluded.last_at_ms)`,
};

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

/** Two people looked and let it go: the next run makes it final. False when it is not held. */
export async function releaseReviewHold(
  db: Db | Tx,
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
