import { divCeil } from '#shared/money/exact.ts';
import { fen, maxFen, minFen, sumFen, type Fen } from '#shared/money/fen.ts';
import { shareFloor, wholeBp } from '#shared/money/rate.ts';
import { assert } from '#shared/result/assert.ts';
import { agentShares, type AgentOrder, type AgentShares } from '#shared/points/agents/agents.ts';
import type { AgentRole, PointsConfig } from '#shared/points/points-config.ts';

/** Where one order's final concession goes. The parts add up to the concession. */
export interface Waterfall {
  readonly agents: AgentShares;
  readonly marginFen: Fen;
  readonly contingencyFen: Fen;
  readonly fundFen: Fen;
}

/**
 * Divides a final concession (docs/points.md 2.4): agents, margin, contingency, and the fund takes the remainder and
 * every odd fen. The fund never gets less than fundMinBp: the platform's own margin gives way first, then the
 * contingency.
 */
export function divideConcession(
  order: AgentOrder,
  present: readonly AgentRole[],
  config: PointsConfig,
): Waterfall {
  const { concessionFen } = order;
  const agents = agentShares(order, present, config);
  const agentsFen = sumFen(Object.values(agents));
  const fundMin = fen(
    Number(divCeil(BigInt(concessionFen) * BigInt(config.fundMinBp), BigInt(wholeBp))),
  );
  const spareFen = maxFen(fen(0), fen(concessionFen - agentsFen - fundMin));
  const contingencyFen = minFen(shareFloor(concessionFen, config.contingencyBp), spareFen);
  const marginFen = minFen(
    shareFloor(concessionFen, config.marginBp),
    fen(spareFen - contingencyFen),
  );
  const fundFen = fen(concessionFen - agentsFen - marginFen - contingencyFen);
  assert(fundFen >= 0, () => `the fund would get ${fundFen} of ${concessionFen}`);
  return { agents, marginFen, contingencyFen, fundFen };
}
