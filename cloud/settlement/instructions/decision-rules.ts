import { openTooLongMs } from '#cloud/settlement/instructions/instruction-list.ts';
import type { KeptInstruction } from '#cloud/settlement/instructions/instruction-store.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';

/** What two people can say about an instruction. */
export type DecisionHow = 'retry' | 'moved' | 'void';

/**
 * `not-failed`: only what failed for good is sent again; what is unknown is asked for. `replaced`:
 * another number stands for it. `not-retried-by-hand`: a payout that failed is part of the agent's
 * next statement. `not-moved-by-hand`: goods money and concessions go by the channel only, because
 * the platform has no account on that way. `too-early`: the channel may still say it itself.
 * `ended`: it was said already how what people pay a shop ended.
 */
export type DecisionRefusal =
  'not-failed' | 'replaced' | 'not-retried-by-hand' | 'not-moved-by-hand' | 'too-early' | 'ended';

type Facts = Pick<
  KeptInstruction,
  'kind' | 'state' | 'isByHand' | 'replacedBy' | 'sentAtMs' | 'sends'
>;

/** Why a decision is refused; undefined when two people may take it. Pure. */
export function decisionRefusal(
  facts: Facts,
  how: DecisionHow,
  nowMs: number,
): DecisionRefusal | undefined {
  const { kind, state } = facts;
  if (facts.replacedBy !== undefined) return 'replaced';
  const isOpenPayout = kind === 'payout' && state === 'open';
  const isOpenCancel = kind === 'subsidy-cancel' && state === 'open';
  // What people pay a shop they may give up and take up anew: its account may be another one by now.
  const isToShop = kind === 'subsidy-payout' || (kind === 'subsidy' && facts.isByHand);
  const isLongOpen = (facts.sentAtMs ?? nowMs) + openTooLongMs < nowMs;
  switch (how) {
    case 'retry':
      if (kind === 'payout' || (facts.isByHand && !isToShop)) return 'not-retried-by-hand';
      return state === 'failed' ? undefined : 'not-failed';
    case 'moved':
      if (isOpenPayout) return isLongOpen ? undefined : 'too-early';
      if (kind !== 'subsidy' && kind !== 'subsidy-return' && !isToShop) return 'not-moved-by-hand';
      return state === 'failed' || (state === 'ready' && facts.isByHand) ? undefined : 'not-failed';
    case 'void':
      if (isToShop) return state === 'ready' ? undefined : 'ended';
      if (!isOpenPayout && !isOpenCancel) return 'not-moved-by-hand';
      return isLongOpen ? undefined : 'too-early';
    default:
      return exhaustive(how);
  }
}
