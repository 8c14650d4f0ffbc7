import { sql } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import type { NewInstruction } from '#cloud/settlement/instructions/instruction.ts';
import { writeStatementFile, type TaxKind } from '#cloud/commissions/statement-file.ts';
import { makeInstructions } from '#cloud/settlement/instructions/instruction-store.ts';
import { newId, type AgentId, type OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, dayStartMs } from '#shared/time/calendar-day.ts';
import { addMonths } from '#shared/time/period.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'random' | 'operatorId' | 'logger'>;

const idleMs = 600_000;
/** Agents of one operator that one run pays; the next run of the same period takes the rest. */
export const agentsPerRunMax = 500;

/** When agents are paid, from what sum on, and by which channel. */
export interface PayoutTerms {
  readonly operatorId: OperatorId;
  readonly channel: string;
  /** 1..28: from this day of the month on the month before is paid. */
  readonly dayOfMonth: number;
  readonly thresholdFen: number;
}

export async function setPayoutTerms(db: Db | Tx, terms: PayoutTerms): Promise<void> {
  await db.execute(sql`
    insert into payout_terms (operator_id, channel, day_of_month, threshold_fen)
    values (${terms.operatorId}, ${terms.channel}, ${terms.dayOfMonth}, ${terms.thresholdFen})
    on conflict (operator_id) do update set channel = excluded.channel,
      day_of_month = excluded.day_of_month, threshold_fen = excluded.threshold_fen`);
}

/** Where an agent is paid, as the vault sealed it. False when there is no such agent. */
export async function setAgentPayee(
  db: Db | Tx,
  to: { readonly operatorId: OperatorId; readonly agentId: AgentId; readonly sealed: string },
): Promise<boolean> {
  const { rowCount } = await db.execute(sql`
    insert into agent_payee (operator_id, agent_id, sealed)
    select operator_id, agent_id, ${to.sealed} from agent
     where operator_id = ${to.operatorId} and agent_id = ${to.agentId}
    on conflict (operator_id, agent_id) do update set sealed = excluded.sealed`);
  return rowCount === 1;
}

/** To whom an instruction of this number pays. */
export async function agentOfPayout(
  db: Db | Tx,
  payout: { readonly operatorId: OperatorId; readonly instructionNo: string },
): Promise<AgentId | undefined> {
  const { rows } = await db.execute<{ agent_id: AgentId }>(sql`
    select agent_id from commission_statement
     where operator_id = ${payout.operatorId} and instruction_no = ${payout.instructionNo}`);
  return rows[0]?.agent_id;
}

type StatementOutcome = 'paid' | 'below-threshold' | 'carried-negative' | 'no-payee';

/** What becomes of an agent's balance at the end of a period. Pure. */
export function judgeBalance(of: {
  readonly balanceFen: number;
  readonly thresholdFen: number;
  readonly hasPayee: boolean;
}): StatementOutcome {
  if (of.balanceFen < 0) return 'carried-negative';
  if (of.balanceFen < of.thresholdFen) return 'below-threshold';
  return of.hasPayee ? 'paid' : 'no-payee';
}

interface Balance extends Record<string, unknown> {
  agent_id: AgentId;
  name: string;
  tax_kind: TaxKind;
  /** Where he is paid, as the vault sealed it; it is opened when the bytes leave. */
  sealed: string | null;
  earned_fen: number;
  taken_back_fen: number;
  paid_before_fen: number;
}

/**
 * Makes the statements of the month that ended, once per agent, and an instruction for every
 * balance that is due. All sums are cumulative, so what refunds took back after a payout is a
 * negative that the next months earn off, what was too little is paid with more, and what a channel
 * refused is due again. Answers how many statements were made.
 */
export async function runCommissionPayouts(deps: Deps): Promise<number> {
  const { db, clock, operatorId } = deps;
  const nowMs = clock.nowMs();
  const today = accountingDate(nowMs);
  const { rows } = await db.execute<{ channel: string; threshold_fen: number }>(sql`
    select t.channel, t.threshold_fen from payout_terms t
      join channel_settlement c on c.operator_id = t.operator_id and c.channel = t.channel
     where t.operator_id = ${operatorId} and c.pays_out
       and t.day_of_month <= ${Number(today.slice(8))}`);
  const terms = rows[0];
  if (terms === undefined) return 0;
  const period = addMonths(today.slice(0, 7), -1);
  return await retriedTransaction(db, async (tx) => {
    // One run of an operator at a time: the second one finds the statements of the first.
    await tx.execute(sql`select from payout_terms where operator_id = ${operatorId} for update`);
    const balances = await balancesOf(tx, { operatorId, period, today });
    const wanted: NewInstruction[] = [];
    const statements = balances.map((one) => {
      const balanceFen = one.earned_fen - one.taken_back_fen - one.paid_before_fen;
      const judged = { balanceFen, thresholdFen: terms.threshold_fen };
      const outcome = judgeBalance({ ...judged, hasPayee: one.sealed !== null });
      const instructionNo = `P${newId('agt', deps).slice(4)}`;
      if (outcome === 'paid' && one.sealed !== null)
        wanted.push({
          operatorId,
          instructionNo,
          kind: 'payout',
          channel: terms.channel,
          amountFen: fen(balanceFen),
          payee: one.sealed,
          notBeforeMs: nowMs,
        });
      return {
        operator_id: operatorId,
        agent_id: one.agent_id,
        period,
        earned_fen: one.earned_fen,
        taken_back_fen: one.taken_back_fen,
        paid_before_fen: one.paid_before_fen,
        balance_fen: balanceFen,
        outcome,
        instruction_no: outcome === 'paid' ? instructionNo : null,
        made_at_ms: nowMs,
      };
    });
    await tx.execute(sql`
      insert into commission_statement
      select * from jsonb_populate_recordset(null::commission_statement, ${JSON.stringify(statements)}::jsonb)`);
    for (const [index, one] of balances.entries()) {
      const { balance_fen: balanceFen, outcome } = statements[index]!;
      const agent = { agentId: one.agent_id, agentName: one.name, taxKind: one.tax_kind };
      await writeStatementFile(tx, { operatorId, period, ...agent, balanceFen, outcome });
    }
    getOrThrow(await postJournals(tx, await makeInstructions(tx, wanted, nowMs)));
    return statements.length;
  });
}

/** Of agents without a statement of the period: earned and taken back until its end, paid or on the way so far. */
async function balancesOf(
  tx: Tx,
  run: { readonly operatorId: OperatorId; readonly period: string; readonly today: string },
): Promise<readonly Balance[]> {
  const { operatorId, period, today } = run;
  const until = `${today.slice(0, 7)}-01`;
  const { rows } = await tx.execute<Balance>(sql`
    select a.agent_id, a.name, a.tax_kind, p.sealed,
      coalesce((select sum(c.amount_fen) from agent_commission c join finality_run r
          on r.operator_id = c.operator_id and r.run = c.final_run
        where c.operator_id = a.operator_id and c.agent_id = a.agent_id
          and r.as_of_ms < ${dayStartMs(until)}), 0)::bigint as earned_fen,
      coalesce((select sum(b.amount_fen) from agent_commission_back b
        where b.operator_id = a.operator_id and b.agent_id = a.agent_id
          and b.ledger_date < ${until}::date), 0)::bigint as taken_back_fen,
      coalesce((select sum(i.amount_fen) from commission_statement s join channel_instruction i
          on i.operator_id = s.operator_id and i.instruction_no = s.instruction_no
        where s.operator_id = a.operator_id and s.agent_id = a.agent_id
          and i.state in ('ready', 'open', 'done')), 0)::bigint as paid_before_fen
    from agent a left join agent_payee p using (operator_id, agent_id)
    where a.operator_id = ${operatorId} and not exists (select from commission_statement s
      where s.operator_id = a.operator_id and s.agent_id = a.agent_id and s.period = ${period})
    order by a.agent_id limit ${agentsPerRunMax}`);
  return rows;
}

/** Pays agents when their day has come; a day that nobody was running is made up for later in the month. */
export const startPayoutWorker = (deps: Deps): WorkerLoop =>
  startWorkerLoop({
    name: 'commission-payouts',
    idleMs,
    logger: deps.logger,
    scope: { type: 'operator', operatorId: deps.operatorId },
    step: () => runCommissionPayouts(deps),
  });
