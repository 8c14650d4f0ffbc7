import { divFloor, minBig } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { shareFloor, wholeBp, type BasisPoints } from '#shared/money/rate.ts';
import { allocate } from '#shared/money/split.ts';
import { agentRoles, type AgentRole, type PointsConfig } from '#shared/points/points-config.ts';

export interface AgentOrder {
  readonly netFen: Fen;
  readonly concessionFen: Fen;
}

/**
 * What each role that has a contract for the shop earns on one final order; an absent role's share
 * goes to the fund.
 */
export type AgentShares = Readonly<Partial<Record<AgentRole, Fen>>>;

/**
 * Mode `concession` (rules R25-R27, docs/points.md 2.12): min(floor(share of C), floor(flow cap of N)) per role.
 * The total is held under agentTotalCapBp of C (invariant I7).
 */
export function agentSharesOfConcession(
  order: AgentOrder,
  present: readonly AgentRole[],
  config: PointsConfig,
): AgentShares {
  const wanted = agentRoles
    .filter((role) => present.includes(role))
    .map((role) => {
      const { concessionBp, flowCapBp } = config.agents[role];
      const share = minBig(
        BigInt(shareFloor(order.concessionFen, concessionBp)),
        BigInt(shareFloor(order.netFen, flowCapBp)),
      );
      return { role, share };
    });
  return capTotal(wanted, order, config);
}

/**
 * Mode `flow`: floor(flow rate of N) per role, scaled down by largest remainder to agentTotalCapBp of C.
 * `flowBp` names the rates of the roles that are present.
 */
export function agentSharesOfFlow(
  order: AgentOrder,
  flowBp: Readonly<Partial<Record<AgentRole, BasisPoints>>>,
  config: PointsConfig,
): AgentShares {
  const wanted = agentRoles.flatMap((role) => {
    const rate = flowBp[role];
    return rate === undefined ? [] : [{ role, share: BigInt(shareFloor(order.netFen, rate)) }];
  });
  return capTotal(wanted, order, config);
}

/** The shares under the mode that the configuration names. */
export function agentShares(
  order: AgentOrder,
  present: readonly AgentRole[],
  config: PointsConfig,
): AgentShares {
  if (config.agentMode === 'concession') return agentSharesOfConcession(order, present, config);
  const flowBp = Object.fromEntries(present.map((role) => [role, config.agents[role].flowBp]));
  return agentSharesOfFlow(order, flowBp, config);
}

function capTotal(
  wanted: readonly { readonly role: AgentRole; readonly share: bigint }[],
  order: AgentOrder,
  config: PointsConfig,
): AgentShares {
  const total = wanted.reduce((sum, { share }) => sum + share, 0n);
  const cap = divFloor(
    BigInt(order.concessionFen) * BigInt(config.agentTotalCapBp),
    BigInt(wholeBp),
  );
  if (total <= cap)
    return Object.fromEntries(wanted.map(({ role, share }) => [role, fen(Number(share))]));
  return allocate({
    amountFen: fen(Number(cap)),
    parts: wanted.map(({ role, share }) => ({ name: role, weight: Number(share) })),
    // Equal fractions go to the role that stands first.
    remainderTo: wanted[0]!.role,
  });
}
