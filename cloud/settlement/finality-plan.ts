import type { AgentOfSale } from '#cloud/commissions/agent-contracts.ts';
import { nonZeroLegs, type Journal, type Leg } from '#cloud/ledger/posting.ts';
import { owesConcession, type SaleSource } from '#cloud/orders/paid-order.ts';
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
import type { PointsConfig } from '#shared/points/points-config.ts';
import { divideConcession, type Waterfall } from '#shared/points/agents/waterfall.ts';

/** A settlement line whose hold is over. */
export interface DueLine {
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  readonly source: SaleSource;
  readonly ledgerDate: string;
  readonly netFen: Fen;
  readonly reserveFen: Fen;
  readonly concessionFen: Fen;
  /** Of a cash or box sale: collected by earlier runs. */
  readonly collectedFen: Fen;
}

/** What a run decides about one line. */
export interface LineDecision {
  readonly line: DueLine;
  /** Of a cash or box sale: collected in all, after this run. */
  readonly collectedFen: Fen;
  /** Present when the line becomes final in this run. */
  readonly final: Waterfall | undefined;
  readonly agents: readonly AgentOfSale[];
}

export interface FinalityTotals {
  readonly orderCount: number;
  readonly concessionFen: Fen;
  /** Reserve that goes back to merchants, before what they owe is taken from it. */
  readonly returnedFen: Fen;
  /** Taken from it for concession of cash and box sales. */
  readonly collectedFen: Fen;
  readonly agentsFen: Fen;
  readonly marginFen: Fen;
  readonly contingencyFen: Fen;
  readonly fundFen: Fen;
}

/**
 * Decides a finality run. Channel lines become final. What they return to a merchant first pays the concession he
 * owes for cash and box sales, oldest first; such a line becomes final when all of its concession is collected.
 * `lines` must be ordered oldest first. Pure.
 */
export function planFinality(
  lines: readonly DueLine[],
  options: {
    /** The rules under which the line was accepted. */
    readonly configOf: (line: DueLine) => PointsConfig;
    readonly agentsOf: (line: DueLine) => readonly AgentOfSale[];
  },
): readonly LineDecision[] {
  const returned = new Map<MerchantId, Fen>();
  for (const line of lines) {
    if (line.source !== 'channel') continue;
    const before = returned.get(line.merchantId) ?? zeroFen;
    returned.set(line.merchantId, fen(before + line.reserveFen - line.concessionFen));
  }
  return lines.map((line) => {
    const collectedFen = owesConcession(line.source) ? collect(line, returned) : zeroFen;
    const isFinal = line.source === 'channel' || collectedFen === line.concessionFen;
    const agents = isFinal ? options.agentsOf(line) : [];
    const roles = agents.map((agent) => agent.role);
    const final = isFinal ? divideConcession(line, roles, options.configOf(line)) : undefined;
    return { line, collectedFen, final, agents };
  });
}

/** Takes what the line still owes out of the merchant's returned reserve; answers what is collected in all. */
function collect(line: DueLine, returned: Map<MerchantId, Fen>): Fen {
  const leftFen = returned.get(line.merchantId) ?? zeroFen;
  const takenFen = minFen(subtractFen(line.concessionFen, line.collectedFen), leftFen);
  returned.set(line.merchantId, subtractFen(leftFen, takenFen));
  return fen(line.collectedFen + takenFen);
}

const agentsFenOf = (final: Waterfall): Fen => sumFen(Object.values(final.agents));

/** Sums over decisions, of one merchant or of a whole run. */
export function finalityTotals(decisions: readonly LineDecision[]): FinalityTotals {
  const finals = decisions.flatMap(({ line, final }) => (final ? [{ line, final }] : []));
  const returns = finals.filter(({ line }) => line.source === 'channel');
  return {
    orderCount: finals.length,
    concessionFen: sumFen(finals.map(({ line }) => line.concessionFen)),
    returnedFen: sumFen(
      returns.map(({ line }) => subtractFen(line.reserveFen, line.concessionFen)),
    ),
    collectedFen: sumFen(
      decisions.map(({ line, collectedFen }) =>
        owesConcession(line.source) ? subtractFen(collectedFen, line.collectedFen) : zeroFen,
      ),
    ),
    agentsFen: sumFen(finals.map(({ final }) => agentsFenOf(final))),
    marginFen: sumFen(finals.map(({ final }) => final.marginFen)),
    contingencyFen: sumFen(finals.map(({ final }) => final.contingencyFen)),
    fundFen: sumFen(finals.map(({ final }) => final.fundFen)),
  };
}

/** The journals of a run: one per merchant's book, one in the operator's; each merchant's share meets it in transit. */
export function finalityJournals(
  decisions: readonly LineDecision[],
  run: { readonly operatorId: OperatorId; readonly run: number; readonly asOfMs: number },
): readonly Journal[] {
  const byMerchant = new Map<MerchantId, LineDecision[]>();
  for (const decision of decisions) {
    const { merchantId } = decision.line;
    const own = byMerchant.get(merchantId);
    if (own === undefined) byMerchant.set(merchantId, [decision]);
    else own.push(decision);
  }
  const journal = (merchantId: MerchantId | null, legs: readonly Leg[]): Journal => ({
    operatorId: run.operatorId,
    merchantId,
    idemKey: `finality:${run.run}`,
    kind: 'finality',
    eventAtMs: run.asOfMs,
    legs: nonZeroLegs(legs),
  });
  return [
    ...[...byMerchant].map(([merchantId, own]) =>
      journal(merchantId, merchantLegs(finalityTotals(own))),
    ),
    journal(null, operatorLegs(finalityTotals(decisions))),
  ].filter(({ legs }) => legs.length > 0);
}

const merchantLegs = (totals: FinalityTotals): readonly Leg[] => [
  { account: 'concession_pending', amountFen: negateFen(totals.concessionFen) },
  { account: 'transit', amountFen: totals.concessionFen },
  { account: 'channel_clearing', amountFen: totals.concessionFen },
  { account: 'transit_cash', amountFen: negateFen(totals.concessionFen) },
  { account: 'merchant_reserve', amountFen: negateFen(totals.returnedFen) },
  { account: 'concession_receivable', amountFen: totals.collectedFen },
  {
    account: 'merchant_payable',
    amountFen: subtractFen(totals.returnedFen, totals.collectedFen),
  },
];

const operatorLegs = (totals: FinalityTotals): readonly Leg[] => [
  { account: 'transit', amountFen: negateFen(totals.concessionFen) },
  { account: 'agent_payable', amountFen: totals.agentsFen },
  { account: 'margin', amountFen: totals.marginFen },
  { account: 'contingency', amountFen: totals.contingencyFen },
  { account: 'fund_free', amountFen: totals.fundFen },
  { account: 'transit_cash', amountFen: totals.concessionFen },
  { account: 'ring_fenced_cash', amountFen: negateFen(totals.fundFen) },
  {
    account: 'operating_cash',
    amountFen: subtractFen(totals.fundFen, totals.concessionFen),
  },
];
