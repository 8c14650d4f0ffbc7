import { sql } from 'drizzle-orm';
import { agentsOfSales } from '#cloud/commissions/agent-contracts.ts';
import { unrelatedAgents } from '#cloud/commissions/unrelated-agents.ts';
import { insertCommissions } from '#cloud/commissions/agent-commissions.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import { journalBatchMax } from '#cloud/ledger/posting.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { pointsConfigAt } from '#cloud/points/points-config-store.ts';
import {
  finalityJournals,
  finalityTotals,
  planFinality,
  type DueLine,
  type FinalityTotals,
  type LineDecision,
} from '#cloud/settlement/finality-plan.ts';
import { instructFinality } from '#cloud/settlement/instructions/final-instructions.ts';
import { enqueueNextVisits } from '#cloud/vouchers/next-visit.ts';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import { fen, sumFen } from '#shared/money/fen.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { defaultPointsConfig, type PointsConfig } from '#shared/points/points-config.ts';
import { getOrThrow } from '#shared/result/result.ts';

/** Lines of each source that one call of {@link runFinality} takes; the caller repeats it while `more`. */
export const finalityLinesMax = 2_000;

export interface FinalityOutcome extends FinalityTotals {
  /** Number of the run, counted per operator; undefined when nothing was due. */
  readonly run: number | undefined;
  /** The limit was reached: run again for the rest. */
  readonly more: boolean;
}

/**
 * Ends the hold of orders that were accepted 7 days before `asOfMs` or earlier: their concession
 * goes down the waterfall (agents by contract, margin, contingency, fund), the rest of the reserve
 * back to the merchant less what he owes for cash and box sales (oldest first), and their points
 * become final. Runs of one operator follow each other; a second run as of the same moment finds
 * nothing left to do.
 * A failure here is a broken invariant and throws: every amount was covered when its order was booked.
 */
export async function runFinality(
  tx: Tx,
  options: { readonly operatorId: OperatorId; readonly asOfMs: number },
): Promise<FinalityOutcome> {
  const { operatorId, asOfMs } = options;
  if (!(await isAnyDue(tx, options))) return { ...finalityTotals([]), run: undefined, more: false };
  const run = await nextRun(tx, operatorId);
  // Read again after the lock: the run before this one may have done some of it.
  const lines = await dueLines(tx, options);
  const byContract = await agentsOfSales(tx, { operatorId, sales: lines });
  const onDay = accountingDate(asOfMs);
  const sales = { operatorId, sales: lines, onDay, agentsOf: byContract };
  const agentsOf = await unrelatedAgents(tx, sales);
  const configOf = await configsOf(tx, { operatorId, lines });
  const decisions = planFinality(lines, { configOf, agentsOf });
  const totals = finalityTotals(decisions);
  const more = lines.filter((line) => line.source === 'channel').length >= finalityLinesMax;
  if (totals.orderCount === 0 && totals.collectedFen === 0)
    return { ...totals, run: undefined, more };
  await storeDecisions(tx, { operatorId, asOfMs, run, decisions });
  await storeRun(tx, { operatorId, asOfMs, run, totals });
  await insertCommissions(tx, { operatorId, run, decisions });
  const orderIds = decisions.flatMap(({ line, final }) => (final ? [line.orderId] : []));
  // Points lock their book before the ledger's rows are locked, in the same order as a release does.
  await makePointsFinal(tx, { operatorId, orderIds, asOf: accountingDate(asOfMs) });
  await enqueueNextVisits(tx, { operatorId, orderIds, nowMs: asOfMs });
  const journals = finalityJournals(decisions, { operatorId, run, asOfMs });
  const instructed = await instructFinality(tx, { operatorId, run, asOfMs, decisions });
  const all = [...journals, ...instructed];
  // What is due comes before what holds it; both orders of the books stay the same for every run.
  for (let from = 0; from < all.length; from += journalBatchMax)
    getOrThrow(await postJournals(tx, all.slice(from, from + journalBatchMax)));
  return { ...totals, run, more };
}

async function configsOf(
  tx: Tx,
  options: { readonly operatorId: OperatorId; readonly lines: readonly DueLine[] },
): Promise<(line: DueLine) => PointsConfig> {
  const { operatorId, lines } = options;
  const configs = new Map<string, PointsConfig>();
  for (const period of new Set(lines.map(rulesDayOf)))
    configs.set(period, (await pointsConfigAt(tx, { operatorId, period })).config);
  return (line) => configs.get(rulesDayOf(line)) ?? defaultPointsConfig;
}

const rulesDayOf = (line: DueLine): string => line.ledgerDate;

/** A refund whose outcome is open keeps the hold open: it was asked for in time. */
const noOpenRefund = sql`NOT EXISTS (SELECT FROM order_refund r
  WHERE r.operator_id = settlement_line.operator_id AND r.merchant_id = settlement_line.merchant_id
    AND r.order_id = settlement_line.order_id AND r.status IN ('refunding', 'booking'))`;

/** What is held for review (cloud/review) waits until somebody let it go. */
const noReview = sql`NOT EXISTS (SELECT FROM review_hold h
  WHERE h.operator_id = settlement_line.operator_id AND h.merchant_id = settlement_line.merchant_id
    AND h.order_id = settlement_line.order_id AND h.state = 'held')`;

/** Saves the lock, and a run's number, when there is nothing to do. */
async function isAnyDue(
  tx: Tx,
  options: { readonly operatorId: OperatorId; readonly asOfMs: number },
): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    SELECT 1 FROM settlement_line
    WHERE operator_id = ${options.operatorId} AND state = 'held' AND due_at_ms <= ${options.asOfMs}
      AND (source = 'channel' OR concession_fen = returned_concession_fen) AND ${noOpenRefund} AND ${noReview}
    LIMIT 1`);
  return rows.length > 0;
}

/** The row lock makes runs of one operator follow each other: the second sees what the first decided. */
async function nextRun(tx: Tx, operatorId: OperatorId): Promise<number> {
  const { rows } = await tx.execute(sql`
    INSERT INTO finality_cursor (operator_id, last_run) VALUES (${operatorId}, 1)
    ON CONFLICT (operator_id) DO UPDATE SET last_run = finality_cursor.last_run + 1
    RETURNING last_run`);
  return Number(rows[0]?.['last_run']);
}

/**
 * Channel lines that are due, and the cash and box lines that are due of the same merchants (or owe nothing), oldest
 * first. They are locked as they stand: a refund that comes now waits and finds them final.
 */
async function dueLines(
  tx: Tx,
  options: { readonly operatorId: OperatorId; readonly asOfMs: number },
): Promise<readonly DueLine[]> {
  const { rows } = await tx.execute(sql`
    WITH due AS (
      SELECT * FROM settlement_line
      WHERE operator_id = ${options.operatorId} AND state = 'held' AND due_at_ms <= ${options.asOfMs}
        AND ${noOpenRefund} AND ${noReview}
    ),
    channel AS (
      SELECT * FROM due WHERE source = 'channel'
      ORDER BY due_at_ms, merchant_id, order_id LIMIT ${finalityLinesMax}
    ),
    owing AS (
      SELECT * FROM due WHERE source <> 'channel'
        AND (concession_fen = returned_concession_fen OR merchant_id IN (SELECT merchant_id FROM channel))
      ORDER BY due_at_ms, merchant_id, order_id LIMIT ${finalityLinesMax}
    )
    SELECT merchant_id, order_id, source, ledger_date::text AS ledger_date,
           net_fen - refunded_net_fen AS net_fen, reserve_fen - returned_reserve_fen AS reserve_fen,
           concession_fen - returned_concession_fen AS concession_fen, collected_fen
    FROM settlement_line l
    JOIN (SELECT merchant_id, order_id FROM channel UNION ALL SELECT merchant_id, order_id FROM owing) k
      USING (merchant_id, order_id)
    WHERE l.operator_id = ${options.operatorId}
    ORDER BY due_at_ms, merchant_id, order_id FOR UPDATE OF l`);
  return rows.map((row) => ({
    merchantId: row['merchant_id'] as MerchantId,
    orderId: row['order_id'] as OrderId,
    source: row['source'] as DueLine['source'],
    ledgerDate: String(row['ledger_date']),
    netFen: fen(Number(row['net_fen'])),
    reserveFen: fen(Number(row['reserve_fen'])),
    concessionFen: fen(Number(row['concession_fen'])),
    collectedFen: fen(Number(row['collected_fen'])),
  }));
}

interface RunKey {
  readonly operatorId: OperatorId;
  readonly asOfMs: number;
  readonly run: number;
}

async function storeDecisions(
  tx: Tx,
  options: RunKey & { readonly decisions: readonly LineDecision[] },
): Promise<void> {
  const rows = options.decisions.map(({ line, collectedFen, final }) => ({
    merchant_id: line.merchantId,
    order_id: line.orderId,
    collected_fen: collectedFen,
    state: final === undefined ? 'held' : 'final',
    final_run: final === undefined ? null : options.run,
    final_at_ms: final === undefined ? null : options.asOfMs,
    agents_fen: final === undefined ? null : sumFen(Object.values(final.agents)),
    margin_fen: final?.marginFen ?? null,
    contingency_fen: final?.contingencyFen ?? null,
    fund_fen: final?.fundFen ?? null,
  }));
  await tx.execute(sql`
    UPDATE settlement_line l
    SET collected_fen = d.collected_fen, state = d.state, final_run = d.final_run,
        final_at_ms = d.final_at_ms, agents_fen = d.agents_fen, margin_fen = d.margin_fen,
        contingency_fen = d.contingency_fen, fund_fen = d.fund_fen
    FROM jsonb_populate_recordset(NULL::settlement_line, ${JSON.stringify(rows)}::jsonb) d
    WHERE l.operator_id = ${options.operatorId}
      AND l.merchant_id = d.merchant_id AND l.order_id = d.order_id`);
}

async function storeRun(
  tx: Tx,
  options: RunKey & { readonly totals: FinalityTotals },
): Promise<void> {
  const { operatorId, asOfMs, run, totals } = options;
  await tx.execute(sql`
    INSERT INTO finality_run (operator_id, run, as_of_ms, order_count, concession_fen, returned_fen,
      collected_fen, agents_fen, margin_fen, contingency_fen, fund_fen)
    VALUES (${operatorId}, ${run}, ${asOfMs}, ${totals.orderCount}, ${totals.concessionFen},
      ${totals.returnedFen}, ${totals.collectedFen}, ${totals.agentsFen}, ${totals.marginFen},
      ${totals.contingencyFen}, ${totals.fundFen})`);
}
