import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { statementLine } from '#cloud/settlement/statement-csv.ts';
import type { AgentId, OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { serviceTax } from '#shared/points/agents/agent-tax.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';
import { addMonths } from '#shared/time/period.ts';

/** Shops and roles in one part of a file. */
const rowsPerPart = 2_000;

export type TaxKind = 'person' | 'company';

/** What the payout run decided about one agent. All fen. */
export interface StatementFacts {
  readonly operatorId: OperatorId;
  readonly agentId: AgentId;
  readonly agentName: string;
  readonly taxKind: TaxKind;
  /** YYYY-MM, the month that ended. */
  readonly period: string;
  readonly balanceFen: number;
  readonly outcome: string;
}

interface LineRow extends Record<string, unknown> {
  readonly merchant_id: string;
  readonly role: string;
  readonly orders: number;
  readonly flow_fen: number;
  readonly concession_fen: number;
  readonly earned_fen: number;
  readonly back_fen: number;
}

const roleWords: Readonly<Record<string, string>> = {
  marketer: '营销员',
  region: '区域代理',
  province: '省级代理',
};
const outcomeWords: Readonly<Record<string, string>> = {
  paid: '已发起付款',
  'below-threshold': '未达起付额，结转下月',
  'carried-negative': '余额为负，结转下月抵扣',
  'no-payee': '未登记收款账户，结转下月',
};
const head = ['商户', '角色', '订单数', '流水(分)', '让利(分)', '佣金(分)', '退款冲回(分)'];

/**
 * Writes the file of a statement that was just made: every shop and role of the month, the sums,
 * what was carried over, and the figures for tax. It is written once, in parts, with the SHA-256 of
 * the whole; the database refuses any change.
 */
export async function writeStatementFile(tx: Tx, facts: StatementFacts): Promise<void> {
  const { operatorId, agentId, period } = facts;
  const hash = createHash('sha256');
  let partCount = 0;
  let rowCount = 0;
  const put = async (csv: string): Promise<void> => {
    partCount += 1;
    hash.update(csv, 'utf8');
    await tx.execute(sql`
      insert into commission_statement_part (operator_id, agent_id, period, part_no, csv)
      values (${operatorId}, ${agentId}, ${period}, ${partCount}, ${csv})`);
  };
  let monthEarnedFen = 0;
  let monthBackFen = 0;
  await put(`\uFEFF${statementLine(head)}`);
  for (let after: LineRow | undefined; ;) {
    const rows = await linesAfter(tx, facts, after);
    for (const row of rows) {
      monthEarnedFen += row.earned_fen;
      monthBackFen += row.back_fen;
    }
    rowCount += rows.length;
    if (rows.length > 0) await put(rows.map(lineText).join(''));
    if (rows.length < rowsPerPart) break;
    after = rows.at(-1);
  }
  const taxed = taxOf(facts);
  const month = { monthEarnedFen, monthBackFen };
  const carriedFen = facts.balanceFen - monthEarnedFen + monthBackFen;
  await put(footText(facts, { ...month, carriedFen, ...taxed }));
  await tx.execute(sql`
    insert into commission_statement_file (operator_id, agent_id, period, sha256, row_count,
      part_count, month_earned_fen, month_back_fen, carried_fen, tax_kind, tax_income_fen,
      tax_rate_bp, tax_withheld_fen)
    values (${operatorId}, ${agentId}, ${period}, ${hash.digest('hex')}, ${rowCount}, ${partCount},
      ${monthEarnedFen}, ${monthBackFen}, ${carriedFen}, ${facts.taxKind}, ${taxed.incomeFen},
      ${taxed.rateBp}, ${taxed.withheldFen})`);
}

/** Only what is paid out now is income now, and only a person's is withheld from. */
function taxOf({ outcome, taxKind, balanceFen }: StatementFacts) {
  if (outcome !== 'paid' || taxKind === 'company')
    return { incomeFen: 0, taxableFen: 0, rateBp: 0, withheldFen: 0 };
  return { incomeFen: balanceFen, ...serviceTax(fen(balanceFen)) };
}

const lineText = (row: LineRow): string =>
  statementLine([
    row.merchant_id,
    roleWords[row.role] ?? row.role,
    row.orders,
    row.flow_fen,
    row.concession_fen,
    row.earned_fen,
    row.back_fen,
  ]);

function footText(
  facts: StatementFacts,
  sums: {
    readonly monthEarnedFen: number;
    readonly monthBackFen: number;
    readonly carriedFen: number;
    readonly incomeFen: number;
    readonly taxableFen: number;
    readonly rateBp: number;
    readonly withheldFen: number;
  },
): string {
  return [
    ['合计', '', '', '', '', sums.monthEarnedFen, sums.monthBackFen],
    ['代理', facts.agentName],
    ['月份', facts.period],
    ['上月结转(分)', sums.carriedFen],
    ['本期应付(分)', facts.balanceFen],
    ['处理', outcomeWords[facts.outcome] ?? facts.outcome],
    ['收款主体', facts.taxKind === 'company' ? '单位' : '个人'],
    ['劳务报酬收入(分)', sums.incomeFen],
    ['预扣预缴应纳税所得额(分)', sums.taxableFen],
    ['预扣率(万分之)', sums.rateBp],
    ['测算预扣税额(分)', sums.withheldFen],
    ['说明', '税额为测算，由持牌付款机构代扣代缴；平台按本期应付全额发起付款，不代扣'],
  ]
    .map((cells) => statementLine(cells))
    .join('');
}

/** Shops by id and role: what was earned on sales that became final in the month, and what refunds took back in it. */
async function linesAfter(
  tx: Tx,
  { operatorId, agentId, period }: StatementFacts,
  after: LineRow | undefined,
): Promise<readonly LineRow[]> {
  const until = `${addMonths(period, 1)}-01`;
  const { rows } = await tx.execute<LineRow>(sql`
    select merchant_id, role, sum(orders)::bigint as orders, sum(flow_fen)::bigint as flow_fen,
           sum(concession_fen)::bigint as concession_fen, sum(earned_fen)::bigint as earned_fen,
           sum(back_fen)::bigint as back_fen
      from (select c.merchant_id, c.role, 1 as orders, l.net_fen - l.refunded_net_fen as flow_fen,
                   l.concession_fen - l.returned_concession_fen as concession_fen,
                   c.amount_fen as earned_fen, 0 as back_fen
              from finality_run r
              join agent_commission c on c.operator_id = r.operator_id and c.agent_id = ${agentId}
               and c.final_run = r.run
              join settlement_line l on l.operator_id = c.operator_id
               and l.merchant_id = c.merchant_id and l.order_id = c.order_id
             where r.operator_id = ${operatorId} and r.as_of_ms >= ${dayStartMs(`${period}-01`)}
               and r.as_of_ms < ${dayStartMs(until)}
            union all
            select merchant_id, role, 0, 0, 0, 0, amount_fen from agent_commission_back
             where operator_id = ${operatorId} and agent_id = ${agentId}
               and ledger_date >= ${`${period}-01`}::date and ledger_date < ${until}::date) one
     where (merchant_id, role) > (${after?.merchant_id ?? ''}, ${after?.role ?? ''})
     group by merchant_id, role order by merchant_id, role limit ${rowsPerPart}`);
  return rows;
}

export const statementsShownMax = 120;

export interface StatementView {
  readonly period: string;
  readonly outcome: string;
  readonly monthEarnedFen: number;
  readonly monthBackFen: number;
  readonly carriedFen: number;
  readonly balanceFen: number;
  readonly taxKind: TaxKind;
  readonly taxIncomeFen: number;
  readonly taxRateBp: number;
  readonly taxWithheldFen: number;
  readonly sha256: string;
}

/** An agent's statements, newest first: ten years. */
export async function listStatements(
  db: Db,
  agent: { readonly operatorId: OperatorId; readonly agentId: AgentId },
): Promise<StatementView[]> {
  const { rows } = await db.execute<StatementView & Record<string, unknown>>(sql`
    select period, outcome, month_earned_fen as "monthEarnedFen", month_back_fen as "monthBackFen",
           carried_fen as "carriedFen", balance_fen as "balanceFen", tax_kind as "taxKind",
           tax_income_fen as "taxIncomeFen", tax_rate_bp as "taxRateBp",
           tax_withheld_fen as "taxWithheldFen", sha256
      from commission_statement join commission_statement_file using (operator_id, agent_id, period)
     where operator_id = ${agent.operatorId} and agent_id = ${agent.agentId}
     order by period desc limit ${statementsShownMax}`);
  return rows;
}

/** The file as it was made; undefined when there is none. */
export async function statementFile(
  db: Db,
  of: { readonly operatorId: OperatorId; readonly agentId: AgentId; readonly period: string },
): Promise<{ readonly csv: string; readonly sha256: string } | undefined> {
  const own = sql`operator_id = ${of.operatorId} and agent_id = ${of.agentId}
    and period = ${of.period}`;
  const { rows } = await db.execute<{ csv: string; sha256: string }>(sql`
    select sha256, (select string_agg(csv, '' order by part_no) from commission_statement_part
                     where ${own}) as csv
      from commission_statement_file where ${own}`);
  return rows[0];
}
